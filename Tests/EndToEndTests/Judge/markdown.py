"""Markdown cut into sections: headings, markers, pictures and fences."""

import re

SPACE = " \t\n\r\f\v"

_HEADING = re.compile(r"#{1,6} ")
_FENCE = re.compile(r" {0,3}(?:(`)``|(~)~~)")
_URL = r"(?:[^ \t\n\r\f\v()]|\([^ \t\n\r\f\v()]*\))+"
_MARKUP = re.compile(
    r"(?P<marker>\{\{[ \t]*[iI][mM][aA][gG][eE][ \t]*:(?P<key>[^{}\n]*)\}\})"
    r"|!\[(?P<alt>[^\]\n]*)\]\([ \t]*(?P<url>" + _URL + r')(?:[ \t]+"[^"\n]*")?[ \t]*\)'
)


def cut(source, marker_picture, url_picture):
    """Lists (title, text, picture): picture is what the two functions return for markup, or None.

    `marker_picture(marker, key)` and `url_picture(url, alt)` name a picture. Sections with no title,
    no text and no picture are left out.
    """
    cutting = _Cutting(marker_picture, url_picture)
    fence = None
    for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line += "\n"
        mark = _FENCE.match(line)
        heading = _HEADING.match(line)
        if mark:
            character = mark.group(1) or mark.group(2)
            if fence in (None, character):
                fence = None if fence else character
            cutting.pieces.append(line)
        elif fence:
            cutting.pieces.append(line)
        elif heading:
            cutting.close(None)
            cutting.title = line[heading.end() :].strip(SPACE) or None
        else:
            cutting.read_line(line)
    cutting.close(None)
    return cutting.sections


class _Cutting:
    """The section since the last cut, and those before it."""

    def __init__(self, marker_picture, url_picture):
        self.marker_picture = marker_picture
        self.url_picture = url_picture
        self.title = None
        self.pieces = []
        self.sections = []

    def close(self, picture):
        text = "".join(self.pieces).strip(SPACE)
        if self.title or text or picture is not None:
            self.sections.append((self.title, text, picture))
        self.title, self.pieces = None, []

    def read_line(self, line):
        position = 0
        for found in _MARKUP.finditer(line):
            self.pieces.append(line[position : found.start()])
            position = found.end()
            if found.group("marker"):
                self.close(self.marker_picture(found.group("marker"), found.group("key").strip(" \t")))
            else:
                self.close(self.url_picture(found.group("url"), found.group("alt")))
        self.pieces.append(line[position:])
