"""The images column: its elements, and how text and blocks name them."""

from jsontext import Malformed, Number, parse
from markdown import SPACE

DEEPEST = 512


def peel(text):
    """A text column's value without a byte order mark at its very start and white space at its ends."""
    return (text[1:] if text.startswith("\ufeff") else text).strip(SPACE)


def parse_measured(text, codes):
    value, depth = parse(text)
    if depth > DEEPEST:
        codes.add("too-deep")
        return None
    return value


def read_images(column, column_type, codes):
    """The elements of the images column (objects, and None where one is null); None if it is unreadable."""
    if column is None:
        return []
    if column_type == "text":
        column = peel(column)
        if not column:
            return []
        try:
            value = parse_measured(column, codes)
        except Malformed:
            if column[0] in '[{"':
                codes.add("malformed-json")
                return None
            value = column
    else:
        value = parse_measured(column, codes)
    if value is None:
        return None if codes else []
    if isinstance(value, dict) or (isinstance(value, str) and value):
        value = [value]
    if not isinstance(value, list):
        codes.add("bad-images")
        return None
    elements = []
    for element in value:
        if isinstance(element, str) and element:
            element = {"url": element}
        elif element is not None and not isinstance(element, dict):
            codes.add("bad-images")
            element = {}
        elements.append(element)
    return elements


class Pictures:
    """The elements of `images`, and which of them have been taken."""

    def __init__(self, elements, codes):
        # None stands for a column that cannot be read: then nobody can say that a picture is missing.
        self.readable = elements is not None
        self.elements = elements or []
        self.taken = [False] * len(self.elements)
        self.codes = codes

    def _first(self, matches):
        for index, element in enumerate(self.elements):
            if element is not None and matches(index, element):
                return self._take(index)
        return None

    def _take(self, index):
        self.taken[index] = True
        return index, self.elements[index]

    def by_index(self, index):
        if index is None or index >= len(self.elements) or self.elements[index] is None:
            if self.readable:
                self.codes.add("missing-image")
            return None, {}
        return self._take(index)

    def by_url(self, url, otherwise):
        found = self._first(lambda _, element: url in (element.get(k) for k in ("url", "src", "image_url")))
        return found or (None, otherwise)

    def by_object(self, wanted):
        def contains(index, element):
            return not self.taken[index] and all(k in element and element[k] == v for k, v in wanted.items())

        return self._first(contains) or (None, wanted)

    def by_marker(self, marker, key):
        found = self._first(lambda _, element: element.get("placeholder") == marker)
        found = found or self._first(
            lambda _, element: key in (element.get(k) for k in ("id", "key", "placeholder"))
        )
        if found:
            return found
        digits = key.isascii() and key.isdigit()
        return self.by_index(Number(key).index() if digits else None)

    def by_form(self, form):
        """The picture that a picture form names: (index or None, picture); None where it is no form."""
        if isinstance(form, str) and form:
            return self.by_url(form, {"url": form})
        if isinstance(form, dict):
            return self.by_object(form)
        if isinstance(form, Number):
            if not form.storable:
                # Neither an integer, as jsonb prints nothing for it, nor an index that could exist.
                self.codes.update(("bad-section", "missing-image"))
                return None, {}
            if form.is_integer:
                return self.by_index(form.index())
        return None

    def left_over(self):
        return [e for e, taken in zip(self.elements, self.taken) if e is not None and not taken]
