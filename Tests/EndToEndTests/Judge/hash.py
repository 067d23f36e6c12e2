#!/usr/bin/env python3
"""Prints one sha256 over what runs have written: two databases whose runs ended alike print the same.

All rows of chapters, chapter_sections and memoir_images, all columns but created_at of the two that are made; what is
declared on them; the keys and codes of the rejects that stand; and the archives of dropped columns.
With --parts a line for each of these, to see which of them differ.
"""

import argparse
import hashlib
import json
import sys

import psql

# Each table with the columns that runs fill by the clock.
TABLES = {"chapters": (), "chapter_sections": ("created_at",), "memoir_images": ("created_at",)}


def columns_of(options, schema, table, without=()):
    """The quoted columns of a table by name; empty where there is no such table."""
    return [psql.identifier(name) for name in sorted(psql.column_types(options.dsn, schema, table))
            if name not in without]


def queries(options):
    """Names and queries of all that is hashed, each ordered by values alone."""
    schema, ledger = psql.identifier(options.schema), psql.identifier(options.ledger)
    for table, by_clock in TABLES.items():
        columns = columns_of(options, options.schema, table, by_clock)
        if columns:
            query = 'select %s from %s.%s order by id::text collate "C"'
            yield table, query % (", ".join(columns), schema, table)
            yield "columns of " + table, (
                "select attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
                " from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum"
                " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attname"
                % psql.literal("%s.%s" % (schema, table)))
            yield "constraints of " + table, (
                "select conname, convalidated, pg_get_constraintdef(oid) from pg_constraint"
                " where conrelid = %s::regclass order by conname" % psql.literal("%s.%s" % (schema, table)))
            yield "indexes of " + table, (
                "select pg_get_indexdef(indexrelid), indisvalid, indisready from pg_index"
                " where indrelid = %s::regclass order by 1" % psql.literal("%s.%s" % (schema, table)))
    if psql.column_types(options.dsn, options.ledger, "rejects"):
        yield "rejects", (
            "select distinct stage, key::text collate \"C\", code from %s.rejects"
            " where state in ('open', 'accepted') order by 1, 2, 3" % ledger)
    if getattr(options, "states", False) and psql.column_types(options.dsn, options.ledger, "runs"):
        yield "states", (
            "select r.pipeline, r.state, s.name, s.state, array(select distinct c.state from {0}.chunks c"
            " where c.run_id = s.run_id and c.stage = s.name order by 1)"
            " from {0}.runs r join {0}.stages s on s.run_id = r.id order by 1, 2, 3, 4, 5".format(ledger))
    yield from archives(options, ledger)


def archives(options, ledger):
    """The copies of dropped columns, by their keys."""
    if not psql.column_types(options.dsn, options.ledger, "archives"):
        return
    query = ("select stage, relation, to_json(key)::text, columns::text, rows, dependents::text"
             " from %s.archives order by stage" % ledger)
    for stage, relation, key, columns, *others in psql.rows(options.dsn, query):
        # The table's name holds the number of the run, of which a killed one may have used up some.
        is_kept = "kept" if relation else "not kept"
        yield "archive of %s: %s %s" % (stage, columns, others), "select %s" % psql.literal(is_kept)
        if relation is not None:
            keys = [psql.identifier(name) for name in json.loads(key)]
            names = keys + [psql.identifier(column["name"]) for column in json.loads(columns)]
            yield "rows of the archive of " + stage, 'select %s from %s.%s order by (%s)::text collate "C"' % (
                ", ".join(names), ledger, psql.identifier(relation), ", ".join(keys))


def digest(options):
    """The hash of everything, and name and hash of each part."""
    whole, parts = hashlib.sha256(), []
    for name, query in queries(options):
        part = hashlib.sha256(psql.output(options.dsn, query)).hexdigest()
        parts.append((name, part))
        whole.update(("%s %s\n" % (part, name)).encode())
    return whole.hexdigest(), parts


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--dsn", required=True, help="a connection string for psql")
    arguments.add_argument("--schema", default="public")
    arguments.add_argument("--ledger", default="etl")
    arguments.add_argument("--states", action="store_true", help="how runs, stages and chunks stand, too")
    arguments.add_argument("--parts", action="store_true", help="a hash for each part, too")
    options = arguments.parse_args()
    try:
        whole, parts = digest(options)
    except psql.QueryFailed as failure:
        print("hash: %s" % failure, file=sys.stderr)
        return 1
    if options.parts:
        for name, part in parts:
            print(part, name)
    print(whole)
    return 0


if __name__ == "__main__":
    sys.exit(main())
