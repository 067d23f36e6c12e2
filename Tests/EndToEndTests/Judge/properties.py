"""Nothing is lost: what can be said of a chapter's rows without computing what they should be.

Every element of images is some row's picture, every key and text of a block is found in a row, every
character of Markdown is in a row or belongs to markup that the contract removes; every key of a picture is in
its row of memoir_images once. Only the strict JSON reader is shared with the recomputation.
"""

import re

from jsontext import Malformed, Number, parse, same_print

SPACE = " \t\n\r\f\v"
NAMED_KEYS = ("image", "image_index", "images")
TEXT_KEYS = ("title", "heading", "content", "text", "body")
URL_KEYS = ("url", "src", "image_url")

_REMOVED = re.compile(
    r"[ \t\n\r\f\v]+|#{1,6}(?=[ \n]|\Z)|\{\{[^{}\n]*\}\}"
    r"|!\[[^\]\n]*\]\((?:[^()\n]|\([^()\n]*\)|\"[^\"\n]*\")*\)"
)


def frozen(value):
    """A value that can be kept in a set, equal where jsonb compares equal."""
    if isinstance(value, dict):
        return ("object", frozenset((key, frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(map(frozen, value)))
    if isinstance(value, Number):
        return ("number",) + value.parts[0]
    return (type(value).__name__, value)


class Rows:
    """What one chapter's rows hold, ready to be asked. A row is (title, content, image, attributes)."""

    def __init__(self, rows):
        self.rows = rows
        self.images = [image for _, _, image, _ in rows if image is not None]
        self.texts = {text for title, content, _, _ in rows for text in (title, content) if text}
        self.members = set()
        for holder in self.images + [attributes for _, _, _, attributes in rows]:
            self.members.update((key, frozen(item)) for key, item in holder.items())

    def holds(self, key, item):
        return (key, frozen(item)) in self.members

    def has_picture(self, form, elements):
        if isinstance(form, str):
            return any(form == image.get(key) for image in self.images for key in URL_KEYS)
        if isinstance(form, Number):
            wanted = elements[form.index()]
            return any(image == wanted for image in self.images)
        return any(all(k in image and image[k] == v for k, v in form.items()) for image in self.images)


def _value(column, column_type):
    """The column's value; a text column that is no array or object gives its text."""
    if column is None:
        return None
    if column_type != "text":
        return parse(column)[0]
    column = (column[1:] if column.startswith("\ufeff") else column).strip(SPACE)
    try:
        value = parse(column)[0]
    except Malformed:
        return column
    return value if isinstance(value, (list, dict)) else column


def losses(content, content_type, images, images_type, rows):
    """What a chapter that was not rejected has lost, as sentences."""
    held = Rows(rows)
    value = _value(images, images_type)
    if images_type == "text" and value is not None and not isinstance(value, (list, dict)):
        # A text column's scalar: a quoted string is one url, null is none, the rest one url as it stands.
        value = parse(value)[0] if value[:1] == '"' or value == "null" else value
    elements = value if isinstance(value, list) else [] if value is None or value == "" else [value]
    elements = [{"url": element} if isinstance(element, str) else element for element in elements]
    found = ["images[%d] is in no row" % n for n in _missing_elements(elements, held)]
    value = _value(content, content_type)
    if isinstance(value, str):
        return found + _lost_markdown(value, rows)
    for number, block in enumerate(_blocks(value)):
        found += ["block %d: %s" % (number, loss) for loss in _lost_of_block(block, elements, held)]
    return found


def _missing_elements(elements, held):
    """Elements that are not some row's picture; equal elements need as many rows."""
    rows_left = [frozen(image) for image in held.images]
    for number, element in enumerate(elements):
        if element is None:
            continue
        try:
            rows_left.remove(frozen(element))
        except ValueError:
            yield number


def _blocks(value):
    if isinstance(value, dict):
        candidates = (value.get(key) for key in ("sections", "blocks", "paragraphs"))
        return next((item for item in candidates if isinstance(item, list)), [value])
    return value or []


def _lost_of_block(block, elements, held):
    if isinstance(block, str):
        if block.strip(SPACE) and block not in held.texts:
            yield "its text is in no row"
        return
    for key, item in (block or {}).items():
        if key in NAMED_KEYS:
            forms = [] if item is None else item if isinstance(item, list) else [item]
            for form in forms:
                if not held.has_picture(form, elements):
                    yield "picture %r is in no row" % (form,)
        elif key in TEXT_KEYS:
            there = not item or not item.strip(SPACE) or item in held.texts or held.holds(key, item)
            if not there:
                yield "text of %r is in no row" % key
        elif item is not None and item != "" and not (key == "type" and item == "image"):
            if not held.holds(key, item):
                yield "key %r is in no row" % key


def _lost_markdown(source, rows):
    """Walks the source and the rows' titles and texts together; only white space and markup may be left."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    position = 0
    for piece in [text for title, content, _, _ in rows for text in (title, content) if text]:
        while not source.startswith(piece, position):
            removed = _REMOVED.match(source, position)
            if not removed:
                return ["Markdown is lost before %r, at %r" % (piece[:40], source[position : position + 40])]
            position = removed.end()
        position += len(piece)
    while position < len(source):
        removed = _REMOVED.match(source, position)
        if not removed:
            return ["Markdown is lost at the end: %r" % source[position : position + 40]]
        position = removed.end()
    return []


def losses_of_picture(picture, url, caption, width, height, attributes):
    """What of a picture is not in its row, and what of its row is not in the picture, as sentences."""
    if isinstance(picture, str):
        picture = {"url": picture}
    columns = {"url": url, "src": url, "image_url": url, "caption": caption, "alt": caption, "description": caption,
               "width": width, "height": height}
    moved = []
    for key, item in picture.items():
        if key in attributes:
            if not same_print(attributes[key], item):
                yield "key %r is not as it was" % key
        elif columns.get(key) is None or not _same_value(columns[key], item):
            yield "key %r is in no column" % key
        else:
            moved.append(key)
    if attributes.keys() - picture.keys():
        yield "attributes holds more than the picture: %r" % (attributes.keys() - picture.keys())
    if len(moved) != sum(column is not None for column in (url, caption, width, height)):
        yield "the columns hold another number of keys than %r" % moved


def _same_value(column, item):
    """Whether a column's text or integer is the value of a key."""
    return item == (Number(str(column)) if isinstance(column, int) else column)
