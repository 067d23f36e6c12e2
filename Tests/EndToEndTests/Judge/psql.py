"""Reading from PostgreSQL through the psql program, in COPY's text format."""

import os
import re
import subprocess

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class QueryFailed(Exception):
    """psql said no; the message is its own."""


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def run(dsn, sql):
    """The raw output of some SQL, as bytes."""
    environment = dict(os.environ, PGCLIENTENCODING="UTF8")
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", "-"]
    done = subprocess.run(command, input=sql.encode(), capture_output=True, env=environment, check=False)
    if done.returncode:
        raise QueryFailed(done.stderr.decode(errors="replace").strip())
    return done.stdout


def rows(dsn, query):
    """The rows of a query, each a list of texts, None for NULL."""
    return decoded(run(dsn, "copy (%s) to stdout;" % query).decode("utf-8"))


def decoded(text):
    """The rows in COPY's text format."""
    lines = text.split("\n")
    lines.pop()
    return [[_field(field) for field in line.split("\t")] for line in lines]


def _field(field):
    if "\\" not in field:
        return field
    if field == "\\N":
        return None
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match.group(1), match.group(1)), field)


def value(dsn, query):
    """The only value of a query's only row."""
    return rows(dsn, query)[0][0]


def column_types(dsn, schema, table):
    """Column names and types of a table; empty where there is no such table."""
    found = rows(
        dsn,
        "select a.attname, format_type(a.atttypid, null) from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " join pg_namespace n on n.oid = c.relnamespace where a.attnum > 0 and not a.attisdropped"
        " and n.nspname = %s and c.relname = %s order by a.attnum" % (literal(schema), literal(table)),
    )
    return {name: kind for name, kind in found}
