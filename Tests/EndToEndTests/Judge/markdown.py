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
    """Yields (title, text, picture): picture is what the two functions return for markup, or None.

    `marker_picture(marker, key)` and `url_picture(url, alt)` name a picture. Sections with no title,
    no text and no picture are left out.
    """
    title, pieces, fence = None, [], None
    sections = []

    def close(picture):
        text = "".join(pieces).strip(SPACE)
        pieces.clear()
        if title or text or picture is not None:
            sections.append((title, text, picture))

    for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line += "\n"
        mark = _FENCE.match(line)
        if mark:
            character = mark.group(1) or mark.group(2)
            if fence is None:
                fence = character
            elif fence == character:
                fence = None
            pieces.append(line)
            continue
        if fence is not None:
            pieces.append(line)
            continue
        heading = _HEADING.match(line)
        if heading:
            close(None)
            title = line[heading.end() :].strip(SPACE) or None
            continue
        position = 0
        for found in _MARKUP.finditer(line):
            pieces.append(line[position : found.start()])
            position = found.end()
            if found.group("marker"):
                close(marker_picture(found.group("marker"), found.group("key").strip(" \t")))
            else:
                close(url_picture(found.group("url"), found.group("alt")))
            title = None
        pieces.append(line[position:])
    close(None)
    return sections
