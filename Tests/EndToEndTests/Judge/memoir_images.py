#!/usr/bin/env python3
"""What one picture must become in memoir_images: a plain recomputation of the contract.

    memoir_images.py --cases FILE     checks the recomputation against a file of cases
"""

import argparse
import json
import sys

from jsontext import Malformed, Number, faults, parse, same_print
from pictures import DEEPEST
from recompute import expected_value

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


def case_passes(case):
    """Whether the recomputation gives what the case says; the columns are never of type text here."""
    expect = case["expect"]
    try:
        value, depth = (None, 0) if case["picture"] is None else parse(case["picture"])
    except Malformed:
        return expect.get("reject") == "malformed-json"
    row, codes = recompute_picture(value, depth)
    if "reject" in expect:
        return expect["reject"] in codes
    if row is None:
        return not codes and expect["row"] is None
    columns = dict(zip(("url", "caption", "width", "height", "attributes"), row))
    for name in ("width", "height"):
        columns[name] = None if columns[name] is None else Number(str(columns[name]))
    return not codes and same_print(columns, expected_value(expect["row"]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--cases", required=True, help="a file with one case a line")
    options = arguments.parse_args()
    with open(options.cases, encoding="utf-8") as lines:
        cases = [json.loads(line, parse_int=Number, parse_float=Number) for line in lines]
    judged = [case for case in cases if case.get("type") != "text"]
    failed = [case["case"] for case in judged if not case_passes(case)]
    for name in failed:
        print("failed: %s" % name)
    print("%d passed, %d failed" % (len(judged) - len(failed), len(failed)))
    return 1 if failed or not judged else 0


if __name__ == "__main__":
    sys.exit(main())
