#!/usr/bin/env python3
"""Prints one sha256 over what a run has written: two runs that end alike print the same.

Sections without created_at, covers, and the keys and codes of the rejects that stand.
"""

import argparse
import hashlib
import sys

import psql


def queries(options):
    schema, ledger = psql.identifier(options.schema), psql.identifier(options.ledger)
    names = list(psql.column_types(options.dsn, options.schema, "chapter_sections"))
    columns = ", ".join(psql.identifier(name) for name in sorted(names) if name != "created_at")
    if columns:
        yield "select %s from %s.chapter_sections order by id" % (columns, schema)
    if "cover_image" in psql.column_types(options.dsn, options.schema, "chapters"):
        yield 'select id, cover_image from %s.chapters order by id::text collate "C"' % schema
    if psql.column_types(options.dsn, options.ledger, "rejects"):
        yield (
            "select distinct key::text collate \"C\", code from %s.rejects"
            " where state in ('open', 'accepted') order by 1, 2" % ledger
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--dsn", required=True, help="a connection string for psql")
    arguments.add_argument("--schema", default="public")
    arguments.add_argument("--ledger", default="etl")
    options = arguments.parse_args()
    digest = hashlib.sha256()
    try:
        for query in queries(options):
            # The query's text parts the three results, so that a row cannot move from one to the next unseen.
            digest.update(query.encode())
            digest.update(psql.run(options.dsn, "copy (%s) to stdout;" % query))
    except psql.QueryFailed as failure:
        print("hash: %s" % failure, file=sys.stderr)
        return 1
    print(digest.hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
