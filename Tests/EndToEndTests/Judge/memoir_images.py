"""What one picture must become in memoir_images: a plain recomputation of the contract."""

from jsontext import Number, faults
from pictures import DEEPEST

URL_KEYS = ("url", "src", "image_url")
CAPTION_KEYS = ("caption", "alt", "description")
LARGEST = 2**31 - 1


def recompute_picture(value, depth=0, codec="utf-8"):
    """(row, codes) of a cover or a section's picture; None stands for NULL and for JSON null.

    The row is (url, caption, width, height, attributes); None where there is no picture, or none that can be stored.
    """
    codes = {"too-deep"} if depth > DEEPEST else set()
    if value is None:
        return None, codes
    if isinstance(value, str) and value:
        value = {"url": value}
    if not isinstance(value, dict):
        return None, codes | {"bad-images"}
    row = row_of(value)
    for item in row:
        codes |= faults(item, codec)
    return (None if codes else row), codes


def row_of(picture):
    """The row of an object."""
    url = _first_string(picture, URL_KEYS)
    caption = _first_string(picture, CAPTION_KEYS)
    sizes = {key: fitting(picture.get(key)) for key in ("width", "height")}
    used = {url, caption} | {key for key, size in sizes.items() if size is not None}
    attributes = {key: item for key, item in picture.items() if key not in used}
    return picture.get(url), picture.get(caption), sizes["width"], sizes["height"], attributes


def _first_string(picture, keys):
    """The key whose value is used; None where none of them holds a string."""
    return next((key for key in keys if isinstance(picture.get(key), str)), None)


def fitting(item):
    """The value of an integer that an integer column holds, else None."""
    if not isinstance(item, Number) or not item.is_integer:
        return None
    (sign, digits, place), _, _ = item.parts
    if not digits:
        return 0
    if len(digits) + place > 10:
        return None
    size = int(sign + digits) * 10**place
    return size if -LARGEST - 1 <= size <= LARGEST else None
