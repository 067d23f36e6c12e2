#!/usr/bin/env python3
"""Prints SQL for psql that makes a table of chapters from the contract's cases, as far as they can exist in columns of
the given types: cases.py FILE --content text|json|jsonb --images text|json|jsonb"""

import argparse
import json
import sys

from generate import copy_field

# The types in which a value can stand that was written for a given type. What jsonb holds json can hold, too; and every
# value can be put into a text column, where the recomputation says what it means there.
POSSIBLE = {"text": ["text"], "json": ["json", "text"], "jsonb": ["jsonb", "json", "text"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--content", required=True)
    parser.add_argument("--images", required=True)
    options = parser.parse_args()
    print("create table chapters (id bigint primary key, content %s, images %s);" % (options.content, options.images))
    print("copy chapters (id, content, images) from stdin;")
    with open(options.file, encoding="utf-8") as cases:
        for number, line in enumerate(cases, start=1):
            case = json.loads(line)
            if options.content in POSSIBLE[case["content_type"]] and options.images in POSSIBLE[case["images_type"]]:
                fields = [str(number), case["content"], case["images"]]
                print("\t".join(copy_field(field) for field in fields))
    print("\\.")


if __name__ == "__main__":
    sys.exit(main())
