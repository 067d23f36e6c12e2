"""Strict JSON text, as PostgreSQL reads it: exact numbers, the last of duplicate keys, any depth.

Values are dict, list, str, Number, True, False and None. A string may hold NUL or a lone surrogate:
whether that can be stored is a question for whoever would write it.
"""

import json
import re

MOST_DIGITS_BEFORE_POINT = 131072
MOST_DIGITS_AFTER_POINT = 16383
REFUSED_EXPONENT = 1073741823

_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?\Z")
_TOKEN = re.compile(
    r"[ \t\n\r]*(?:([{}\[\],:])"
    r'|("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(true|false|null))"
)
_BLANK_REST = re.compile(r"[ \t\n\r]*\Z")
_WORDS = {"true": True, "false": False, "null": None}
_SHALLOW = 400


class Malformed(ValueError):
    """The text is not one JSON value."""


class Number:
    """A JSON number with its source text. Equality is that of jsonb: by value, not by spelling."""

    __slots__ = ("text", "_parts")

    def __init__(self, text):
        self.text = text
        self._parts = None

    @property
    def parts(self):
        """(value, scale, exponent): value is comparable, scale is the digits jsonb prints after the point."""
        if self._parts is None:
            sign, whole, fraction, exponent_sign, exponent = _NUMBER.match(self.text).groups()
            fraction = fraction or ""
            exponent = (exponent or "0").lstrip("0") or "0"
            # Beyond thirteen digits the exact size no longer matters, and int() would refuse very long ones.
            power = int(exponent) if len(exponent) < 13 else 10**12
            if exponent_sign == "-":
                power = -power
            significant = (whole + fraction).lstrip("0")
            digits = significant.rstrip("0")
            place = power - len(fraction) + len(significant) - len(digits)
            value = (sign, digits, place) if digits else ("", "", 0)
            self._parts = (value, max(0, len(fraction) - power), power)
        return self._parts

    @property
    def storable(self):
        """Whether jsonb takes it."""
        (_, digits, place), scale, exponent = self.parts
        return (
            abs(exponent) < REFUSED_EXPONENT
            and scale <= MOST_DIGITS_AFTER_POINT
            and (not digits or len(digits) + place <= MOST_DIGITS_BEFORE_POINT)
        )

    @property
    def is_integer(self):
        """Whether jsonb prints it without a point."""
        return self.parts[1] == 0 and self.storable

    def index(self):
        """The integer as a Python int, or None where it is negative or larger than any array."""
        (sign, digits, place), _, _ = self.parts
        if not digits:
            return 0
        if sign or len(digits) + place > 9:
            return None
        return int(digits) * 10**place

    def __eq__(self, other):
        return isinstance(other, Number) and (self.text == other.text or self.parts[0] == other.parts[0])

    def __hash__(self):
        return hash(self.parts[0])

    def __repr__(self):
        return self.text


def _refuse(word):
    raise Malformed(word)


_decoder = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse)


def parse(text):
    """The value and its depth (an outermost array or object is level 1); raises Malformed."""
    if text.count("[") + text.count("{") > _SHALLOW:
        return _parse_deep(text)
    try:
        # The standard decoder is strict about escapes and control characters; only NaN needs refusing.
        value = _decoder.decode(text)
    except ValueError as error:
        raise Malformed(str(error)) from None
    return value, 0  # A text with so few brackets is never too deep, so its depth is not measured.


def _parse_deep(text):
    """A parser without recursion, for documents that would exhaust the standard one."""
    position, depth, deepest = 0, 0, 0
    stack, keys = [], []
    root = []
    stack.append(root)
    state = "value"  # value, first (value or end), key, first-key, colon, after
    while True:
        if not depth and root:
            if not _BLANK_REST.match(text, position):
                raise Malformed("trailing text at %d" % position)
            return root[0], deepest
        token = _TOKEN.match(text, position)
        if not token:
            raise Malformed("at %d" % position)
        position = token.end()
        mark, string, number, word = token.groups()
        if state in ("key", "first-key"):
            if string:
                keys.append(json.loads(string))
                state = "colon"
                continue
            if not (state == "first-key" and mark == "}"):
                raise Malformed("at %d" % position)
        elif state == "colon":
            if mark != ":":
                raise Malformed("at %d" % position)
            state = "value"
            continue
        if mark in ("]", "}") and state in ("first", "first-key", "after"):
            if (mark == "]") != isinstance(stack[-1], list):
                raise Malformed("at %d" % position)
            stack.pop()
            depth -= 1
            state = "after"
            continue
        if state == "after":
            if mark != ",":
                raise Malformed("at %d" % position)
            state = "value" if isinstance(stack[-1], list) else "key"
            continue
        if mark == "[":
            value, state = [], "first"
        elif mark == "{":
            value, state = {}, "first-key"
        elif mark:
            raise Malformed("at %d" % position)
        else:
            value = json.loads(string) if string else Number(number) if number else _WORDS[word]
            state = "after"
        if isinstance(stack[-1], list):
            stack[-1].append(value)
        else:
            stack[-1][keys.pop()] = value
        if state != "after":
            stack.append(value)
            depth += 1
            deepest = max(deepest, depth)


def same_print(one, other):
    """Whether two values are equal and jsonb would print their numbers alike (1.10 is not 1.1)."""
    if isinstance(one, Number) and isinstance(other, Number):
        return one.text == other.text or one.parts[:2] == other.parts[:2]
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_print(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_print, one, other))
    return type(one) is type(other) and one == other


def faults(value, codec="utf-8"):
    """The codes (`bad-text`, `number-range`) for which a value cannot be stored as text or jsonb."""
    found = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if not _text_is_storable(item, codec):
                found.add("bad-text")
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, Number) and not item.storable:
            found.add("number-range")
    return found


def _text_is_storable(text, codec):
    if text.isascii():
        return "\0" not in text
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return "\0" not in text
