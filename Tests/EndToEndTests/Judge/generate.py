#!/usr/bin/env python3
"""Prints SQL that makes a `chapters` table of random memoir chapters, for psql to read.

    generate.py --rows 20000 --seed 7 --key text --content json --images jsonb | psql -q …

The same arguments print the same bytes.
"""

import argparse
import random
import sys

from contents import Contents
from covers import Covers

ODD_KEYS = ["", " ", "é", "e\u0301", "a b", " a", "a ", 'say "hi"', "it's", "back\\slash", "\\N", "\\.", "😀",
            "a/0", "A", "a", "tab\there", "line\nbreak", "%", "{1,2}", "null", "0", "00", "老屋", "cover/x"]
LARGEST = 2**63 - 1


def uuid_text(source):
    digits = "%032x" % source.getrandbits(128)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def keys(kind, count, source):
    """Distinct keys of a kind, in random order."""
    made = {}
    if kind == "text":
        made.update((key, None) for key in ODD_KEYS[:count])
        for number in range(count // 40):
            made.update((key, None) for key in ("é%d" % number, "e\u0301%d" % number))
    elif kind == "bigint":
        made.update((str(key), None) for key in (-LARGEST - 1, LARGEST, 0, -1, 1))
        made.update((str(key), None) for key in range(1000, 1000 + count // 2))
    while len(made) < count:
        if kind == "bigint":
            made[str(source.getrandbits(source.choice([8, 24, 40, 63])) * source.choice([1, 1, -1]))] = None
        else:
            key = uuid_text(source)
            made[key] = None
            if kind == "text" and source.random() < 0.01:
                made[key.upper()] = None
    chosen = list(made)[:count]
    source.shuffle(chosen)
    return chosen


def copy_field(text):
    """A value as a line of COPY holds it."""
    if text is None:
        return "\\N"
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def write_rows(options, out):
    source = random.Random(options.seed)
    chapters = Contents(source, options.content, options.images, options.style)
    columns = ["id", "title", "user_id", "content", "images", "order_index", "created_at"]
    covered = options.cover != "absent"
    # From a source of their own, so that chapters are the same with and without covers.
    covers = Covers(random.Random("covers %d" % options.seed), options.bad_covers)
    if covered:
        columns.append("cover_image")
    out.write("copy chapters (%s) from stdin;\n" % ", ".join(columns))
    for number, key in enumerate(keys(options.key, options.rows, source)):
        content, images = chapters.bad() if source.random() < options.bad else chapters.good()
        created = "2024-%02d-%02d 08:00:00+00" % (number % 12 + 1, number % 28 + 1)
        fields = [key, "第%d章" % number, uuid_text(source), content, images, str(number), created]
        if covered:
            fields.append(covers.every() if options.cover == "every" else covers.existing())
        out.write("\t".join(map(copy_field, fields)) + "\n")
    out.write("\\.\n")


def write_sql(options, out):
    out.write("set client_encoding = 'UTF8';\nset standard_conforming_strings = on;\n")
    out.write("create table chapters (id %s primary key, title text, user_id uuid, " % options.key)
    out.write("content %s, images %s, " % (options.content, options.images))
    out.write("order_index integer, created_at timestamptz")
    out.write(");\n" if options.cover == "absent" else ", cover_image jsonb);\n")
    write_rows(options, out)
    if options.cover != "absent":
        out.write("create table judge_before as select id, cover_image from chapters;\n")
    if options.copy:
        out.write("create table %s as table chapters;\n" % options.copy)
    out.write("analyze chapters;\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--rows", type=int, required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--key", choices=["uuid", "text", "bigint"], default="uuid")
    arguments.add_argument("--content", choices=["text", "json", "jsonb"], default="jsonb")
    arguments.add_argument("--images", choices=["text", "json", "jsonb"], default="jsonb")
    arguments.add_argument("--bad", type=float, default=0.01, help="the share of chapters with a fault")
    arguments.add_argument("--cover", choices=["absent", "existing", "every"], default="absent",
                           help="existing: some covers are set; every: of all kinds; judge_before remembers them")
    arguments.add_argument("--bad-covers", type=float, default=0.03, help="the share that is no cover, of every kind")
    arguments.add_argument("--copy", metavar="TABLE", help="a table that keeps all chapters as they are")
    style = arguments.add_mutually_exclusive_group()
    constant = {"dest": "style", "action": "store_const"}
    style.add_argument("--prose", const="prose", help="long Markdown only", **constant)
    style.add_argument("--small", const="small", help="short documents", **constant)
    arguments.set_defaults(style="mixed")
    options = arguments.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    write_sql(options, sys.stdout)


if __name__ == "__main__":
    main()
