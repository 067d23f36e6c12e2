#!/usr/bin/env python3
"""Judges a database at any moment of its runs: while they go on, after a kill, after the end.

    check.py --dsn 'host=… dbname=…' [--source judge_source]

Every source row is migrated exactly, or has one reject that stands, or lies in a chunk that is not done; no target has a
row of none; the counts of the ledger add up; the columns that may be dropped are as they were, or recorded as dropped
and kept. Everything is read as it was at one moment.

With --complete the runs have come to their end: every row lies in a chunk that is done. With --ended the processes have
ended: within ten seconds nothing of theirs may be left in the server, and with --hash everything must be what it is where
nobody interfered. --secret must be in no table of the ledger, comment or --file.

Prints the first differences and exits with 1, or one closing line and exits with 0. With --print-hash the hash follows.
"""

import argparse
import sys

import hash as hashing
import judge
import psql
from database import Database
from leftovers import judge_leftovers, judge_secret
from old_columns import judge_old_columns


def check(options):
    findings = judge.Findings(options.show)
    options.pictures = bool(psql.column_types(options.dsn, options.schema, "memoir_images"))
    sections = psql.column_types(options.dsn, options.schema, "chapter_sections")
    options.pictures = options.pictures or bool(sections and "image" not in sections)
    options.image_ids = "image_id" in sections
    database = Database(options)
    pictures = judge.judge_tables(database, findings)
    judge_old_columns(database, findings)
    if options.complete:
        judge.judge_completeness(database, findings)
    if options.secret:
        judge_secret(database, options.secret, options.file, findings)
    found = hashing.digest(options) if options.hash or options.print_hash else None
    if options.hash and found[0] != options.hash:
        findings.add("hash", "%s, expected %s" % (found[0], options.hash))
    if options.ended:
        judge_leftovers(options.dsn, options.wait, bool(options.hash), findings)
    status = judge.conclude(database, pictures, findings)
    if options.print_hash:
        print(found[0])
    return status


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--dsn", required=True, help="a connection string for psql")
    arguments.add_argument("--schema", default="public")
    arguments.add_argument("--ledger", default="etl")
    arguments.add_argument("--source", default="chapters", help="a table with id, content and images as they were")
    arguments.add_argument("--covers-before", help="a file of id and cover_image, as COPY TO STDOUT prints them")
    arguments.add_argument("--changed", action="store_true",
                           help="chapters came, went or were retried since: do not compare counts with them")
    arguments.add_argument("--complete", action="store_true", help="nothing is left to do")
    arguments.add_argument("--ended", action="store_true", help="every process of ours has ended")
    arguments.add_argument("--wait", type=float, default=10, metavar="SECONDS", help="how long what passes may take")
    arguments.add_argument("--hash", help="of a database where nobody interfered, as hash.py prints it")
    arguments.add_argument("--states", action="store_true", help="the hash is one with --states")
    arguments.add_argument("--no-sql-ids", action="store_false", dest="sql_ids",
                           help="compare ids with Python's UUIDv5 only, which is faster")
    arguments.add_argument("--print-hash", action="store_true", help="print the hash of this one last")
    arguments.add_argument("--secret", help="a password that must not be found")
    arguments.add_argument("--file", action="append", default=[], help="a file or folder to seek the secret in")
    arguments.add_argument("--show", type=int, default=judge.SHOWN, metavar="N", help="how many differences to print")
    options = arguments.parse_args()
    # The latest runs, wherever they stand.
    options.unfinished, options.stage, options.run = True, "sections", None
    sys.setrecursionlimit(20000)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return check(options)
    except psql.QueryFailed as failure:
        print("judge: %s" % failure)
        return 1


if __name__ == "__main__":
    sys.exit(main())
