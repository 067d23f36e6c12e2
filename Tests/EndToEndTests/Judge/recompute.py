#!/usr/bin/env python3
"""What one chapter must become: a plain recomputation of the contract, for comparing with what was written.

    recompute.py --cases FILE     checks the recomputation against a file of cases

Where a chapter has several faults, all codes that apply are collected, as any of them is right.
"""

import argparse
import json
import re
import sys

import markdown
from jsontext import Malformed, Number, faults, same_print
from markdown import SPACE
from pictures import Pictures, parse_measured, peel, read_images

TITLE_KEYS = ("title", "heading")
TEXT_KEYS = ("content", "text", "body")
PICTURE_KEYS = ("image", "image_index", "images")
BLOCK_KEYS = TITLE_KEYS + TEXT_KEYS + PICTURE_KEYS
LIST_KEYS = ("sections", "blocks", "paragraphs")

_JSON_OPENING = re.compile(r'(?:\{|\[[ \t\n\r\f\v]*\{|\[)[ \t\n\r\f\v]*"')


class Outcome:
    """Sections are (title, content, image, attributes); codes is empty for a chapter that is not rejected."""

    def __init__(self):
        self.sections = []
        self.cover = None
        self.unmapped = []
        self.codes = set()


def recompute(content, content_type, images, images_type, codec="utf-8"):
    """The outcome of one chapter; columns are the text that PostgreSQL prints, or None for NULL."""
    outcome = Outcome()
    pictures = Pictures(read_images(images, images_type, outcome.codes), outcome.codes)
    read_content(content, content_type, pictures, outcome)
    outcome.sections += [(None, "", picture, {}) for picture in pictures.left_over()]
    candidates = [e for e in pictures.elements if e is not None]
    candidates += [image for _, _, image, _ in outcome.sections if image is not None]
    outcome.cover = candidates[0] if candidates else None
    for title, text, image, attributes in outcome.sections:
        for value in (title, text, image, attributes):
            outcome.codes |= faults(value, codec)
    return outcome


def read_content(column, column_type, pictures, outcome):
    """Adds the sections of the content column to the outcome."""
    if column is None:
        return
    if column_type == "text":
        column = peel(column)
        value = column
        if column[:1] in ("[", "{"):
            try:
                value = parse_measured(column, outcome.codes)
            except Malformed:
                if _JSON_OPENING.match(column):
                    outcome.codes.add("malformed-json")
                    return
    else:
        value = parse_measured(column, outcome.codes)
    if value is None:
        return
    if isinstance(value, str):
        read_markdown(value, pictures, outcome)
    elif isinstance(value, list):
        read_blocks(value, pictures, outcome)
    elif isinstance(value, dict):
        read_object(value, pictures, outcome)
    else:
        outcome.codes.add("unknown-shape")


def read_object(value, pictures, outcome):
    for name in LIST_KEYS:
        if isinstance(value.get(name), list):
            others = ((key, item) for key, item in value.items() if key != name)
            outcome.unmapped = [k for k, item in others if item is not None and item not in ("", [], {})]
            read_blocks(value[name], pictures, outcome)
            return
    if any(key in value for key in TITLE_KEYS + TEXT_KEYS):
        read_blocks([value], pictures, outcome)
    else:
        outcome.codes.add("unknown-shape")


def read_markdown(source, pictures, outcome):
    def url_picture(url, alt):
        return pictures.by_url(url, {"url": url, "caption": alt} if alt else {"url": url})[1]

    def marker_picture(marker, key):
        return pictures.by_marker(marker, key)[1]

    for title, text, picture in markdown.cut(source, marker_picture, url_picture):
        outcome.sections.append((title, text, picture, {}))


def read_blocks(blocks, pictures, outcome):
    for block in blocks:
        if isinstance(block, str):
            add_section(None, block, [], {}, outcome)
        elif isinstance(block, dict):
            read_block(block, pictures, outcome)
        elif block is not None:
            outcome.codes.add("bad-section")


def read_block(block, pictures, outcome):
    for key in TITLE_KEYS + TEXT_KEYS:
        if block.get(key) is not None and not isinstance(block[key], str):
            outcome.codes.add("bad-section")
    present = {key: block.get(key) for key in PICTURE_KEYS if block.get(key) not in (None, [])}
    if block.get("type") == "image" and not present:
        itself = {k: v for k, v in block.items() if k != "type" and k not in PICTURE_KEYS}
        add_section(None, "", [pictures.by_object(itself)[1]], {}, outcome)
        return
    title_key = next((k for k in TITLE_KEYS if isinstance(block.get(k), str) and block[k]), None)
    text_key = next((k for k in TEXT_KEYS if isinstance(block.get(k), str) and block[k]), None)
    named = name_pictures(present, pictures, outcome.codes)
    attributes = {}
    for key, item in block.items():
        if key in BLOCK_KEYS:
            if key in PICTURE_KEYS or key in (title_key, text_key) or item is None or item == "":
                continue
        attributes[key] = item
    title = block[title_key] if title_key else None
    add_section(title, block[text_key] if text_key else "", named, attributes, outcome)


def name_pictures(present, pictures, codes):
    """The pictures that a block names, in order, each once."""
    forms = []
    if "image" in present:
        forms.append(present["image"])
    if "image_index" in present:
        # A string or an object is a picture form, but not here.
        form = present["image_index"]
        forms.append(form if isinstance(form, Number) else False)
    if "images" in present:
        forms += present["images"] if isinstance(present["images"], list) else [False]
    named, seen = [], []
    for form in forms:
        found = pictures.by_form(form)
        if found is None:
            codes.add("bad-section")
            continue
        index, picture = found
        identity = ("element", index) if index is not None else ("own", picture)
        if identity not in seen:
            seen.append(identity)
            named.append(picture)
    return named


def add_section(title, text, named, attributes, outcome):
    if not (title or text.strip(SPACE) or named or attributes):
        return
    outcome.sections.append((title, text, named[0] if named else None, attributes))
    outcome.sections += [(None, "", picture, {}) for picture in named[1:]]


def expected_value(value):
    """A case's expected value with its `$num` objects turned into numbers."""
    if isinstance(value, dict):
        if set(value) == {"$num"}:
            return Number(value["$num"])
        return {key: expected_value(item) for key, item in value.items()}
    return [expected_value(item) for item in value] if isinstance(value, list) else value


def case_passes(case):
    outcome = recompute(case["content"], case["content_type"], case["images"], case["images_type"])
    expect = case["expect"]
    if "reject" in expect:
        return outcome.codes == {expect["reject"]}
    sections = [
        {"title": title, "content": text, "image": image, "attributes": attributes}
        for title, text, image, attributes in outcome.sections
    ]
    return (
        not outcome.codes
        and same_print(sections, expected_value(expect["sections"]))
        and same_print(outcome.cover, expected_value(expect["cover"]))
        and sorted(outcome.unmapped) == sorted(expect.get("unmapped", []))
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--cases", required=True, help="a file with one case a line")
    options = arguments.parse_args()
    # A document of 512 levels is compared recursively.
    sys.setrecursionlimit(20000)
    passed = failed = 0
    with open(options.cases, encoding="utf-8") as lines:
        for line in lines:
            # Numbers keep their text here too, as the columns' own numbers do.
            case = json.loads(line, parse_int=Number, parse_float=Number)
            if case_passes(case):
                passed += 1
            else:
                failed += 1
                print("failed: %s" % case["case"])
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
