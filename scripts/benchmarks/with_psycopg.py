#!/usr/bin/env python3
"""The sections with psycopg 3: pages by key, rows by COPY, a transaction a page. with_psycopg.py URL"""

import sys
import uuid

import psycopg
from psycopg.types.json import Jsonb

NAMESPACE = uuid.UUID("6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10")
PAGE = 1000
COLUMNS = "id, chapter_id, order_index, title, content, image, attributes"
TYPES = ["uuid", "text", "int4", "text", "text", "jsonb", "jsonb"]


def rows(chapter, content, images):
    for index, block in enumerate(content):
        title, text, image_index = block.pop("title"), block.pop("text"), block.pop("image_index", None)
        image = None if image_index is None else Jsonb(images[image_index])
        yield uuid.uuid5(NAMESPACE, "%s/%d" % (chapter, index)), chapter, index, title, text, image, Jsonb(block)


def main():
    last = ""
    with psycopg.connect(sys.argv[1]) as connection, connection.cursor(binary=True) as cursor:
        while True:
            page = cursor.execute(
                "select id, content, images from chapters where id > %s order by id limit %s", (last, PAGE)).fetchall()
            if not page:
                return
            with cursor.copy("copy chapter_sections (%s) from stdin (format binary)" % COLUMNS) as copy:
                copy.set_types(TYPES)
                for chapter, content, images in page:
                    for row in rows(chapter, content, images):
                        copy.write_row(row)
            last = page[-1][0]
            # What needs no program is left to the server.
            cursor.execute(
                "update chapters set cover_image = images -> 0 where id between %s and %s and images -> 0 is not null",
                (page[0][0], last))
            connection.commit()


if __name__ == "__main__":
    main()
