"""Reading from PostgreSQL through the psql program, in COPY's text format."""

import atexit
import os
import re
import subprocess
import tempfile
import uuid

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class QueryFailed(Exception):
    """psql said no; the message is its own."""


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def _command(dsn):
    return ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", "-"]


def _environment():
    return dict(os.environ, PGCLIENTENCODING="UTF8", PGAPPNAME="judge")


def run(dsn, sql):
    """The raw output of some SQL in a session of its own, as bytes."""
    done = subprocess.run(_command(dsn), input=sql.encode(), capture_output=True, env=_environment(), check=False)
    if done.returncode:
        raise QueryFailed(done.stderr.decode(errors="replace").strip())
    return done.stdout


class _Reader:
    """One psql that reads everything as it was at one moment, whoever is at work meanwhile."""

    def __init__(self, dsn):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            _command(dsn), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=_environment())
        self.column_types = {}
        self.mark = uuid.uuid4().hex.encode() + b"\n"
        self.output("begin isolation level repeatable read read only")

    def output(self, statement):
        try:
            self.process.stdin.write(statement.encode() + b";\n\\echo " + self.mark)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        for line in self.process.stdout:
            if line == self.mark:
                return b"".join(lines)
            lines.append(line)
        self.process.wait()
        self.errors.seek(0)
        raise QueryFailed(self.errors.read().decode(errors="replace").strip())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


_readers = {}


def _reader(dsn):
    if dsn not in _readers:
        _readers[dsn] = _Reader(dsn)
    return _readers[dsn]


def output(dsn, query):
    """What COPY gives of a query, as bytes; all queries of a database see the same moment."""
    return _reader(dsn).output("copy (%s) to stdout" % query)


def rows(dsn, query):
    """The rows of a query, each a list of texts, None for NULL."""
    return decoded(output(dsn, query).decode("utf-8"))


def close(dsn):
    """Lets the moment go, so that nothing waits for the reader; a query after this sees another moment."""
    if dsn in _readers:
        _readers.pop(dsn).close()


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
    known = _reader(dsn).column_types
    if (schema, table) not in known:
        known[schema, table] = _column_types(dsn, schema, table)
    return known[schema, table]


def _column_types(dsn, schema, table):
    found = rows(
        dsn,
        "select a.attname, format_type(a.atttypid, null) from pg_attribute a"
        " join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace"
        " where a.attnum > 0 and not a.attisdropped"
        " and n.nspname = %s and c.relname = %s order by a.attnum" % (literal(schema), literal(table)),
    )
    return {name: kind for name, kind in found}


@atexit.register
def close_all():
    # Before we end: whoever copies the database next must find nobody in it.
    for dsn in list(_readers):
        close(dsn)
