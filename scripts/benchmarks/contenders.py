"""Who is measured: from what each begins, what it runs, and whose end state it must have."""

import os
from collections.abc import Callable
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))


@dataclass(frozen=True)
class Contender:
    """`steps` are measured one after the other, the commands of a step at the same time. `end` names the state that the
    work leads to: all that lead to one must give the same rows, indexes and constraints; None where nothing is written.
    `base` is whose figures its own are compared with."""

    name: str
    title: str
    template: str
    end: str | None
    base: str
    steps: Callable
    is_ours: bool = False
    is_bar: bool = True
    needs_python: bool = False
    step_names: tuple = ()


class Commands:
    """How the programs are called for one database."""

    def __init__(self, server, etl, python, database, floor):
        self.server, self.binary, self.interpreter, self.database, self.floor = server, etl, python, database, floor

    def etl(self, *arguments, workers=2):
        return [self.binary, "run", *arguments, "--workers", str(workers), "--project", PROJECT, "--quiet",
                "--database-url", self.server.url(self.database)]

    def sql(self, name, **variables):
        settings = [word for pair in variables.items() for word in ("-v", "%s=%s" % pair)]
        return self.server.psql(self.database, *settings, "-f", os.path.join(HERE, "sql", name + ".sql"))

    def python(self, name):
        return [self.interpreter, os.path.join(HERE, name), self.server.url(self.database)]


def _sections(workers):
    return lambda run: [[run.etl("chapter-sections", "--until", "constraints", workers=workers)]]


def _one(name):
    return lambda run: [[run.sql(name)]]


def _two_sessions(run):
    halves = [run.sql("insert_sections", range="c.id %s '8'" % sign) for sign in ("<", ">=")]
    return [[run.sql("two_begin")], halves, [run.sql("two_end")]]


def _script(name):
    return lambda run: [[run.sql("tables")], [run.python(name)]]


CONTENDERS = [
    Contender("etl-1", "etl, 1 worker", "source", "sections", "sql", _sections(1), is_ours=True),
    Contender("etl-2", "etl, 2 workers", "source", "sections", "sql", _sections(2), is_ours=True),
    Contender("etl-4", "etl, 4 workers", "source", "sections", "sql", _sections(4), is_ours=True),
    Contender("sql", "SQL, as typed: INSERT … SELECT, constraints in place", "source", "sections", "sql", _one("plain")),
    Contender("sql-tuned", "SQL, unique and foreign key afterwards", "source", "sections", "sql", _one("tuned")),
    Contender("sql-after", "SQL, primary key afterwards, too", "source", "sections", "sql", _one("after")),
    Contender("sql-two", "SQL, tuned, in two sessions", "source", "sections", "sql", _two_sessions, is_bar=False),
    Contender("plpgsql", "plpgsql, 1,000 chapters a transaction", "source", "sections", "sql", _one("loop")),
    Contender("psycopg", "Python, psycopg 3, COPY", "source", "sections", "sql", _script("with_psycopg.py"),
              needs_python=True),
    Contender("sqlalchemy", "Python, SQLAlchemy", "source", "sections", "sql", _script("with_sqlalchemy.py"),
              needs_python=True),
    Contender("floor", "floor: COPY out, COPY in, indexes", "source", "sections", "sql",
              lambda run: [[run.sql("floor_read")], [run.sql("floor_write", file=run.floor)], [run.sql("floor_index")]],
              step_names=("COPY out", "COPY in, covers", "indexes, validation")),
    Contender("verify", "etl verify stage, 2 workers", "loaded", None, "etl-2",
              lambda run: [[run.etl("chapter-sections", "--until", "verify")]], is_ours=True),
    Contender("images-etl", "pictures: etl, 2 workers", "sections", "images", "images-sql",
              lambda run: [[run.etl("memoir-images", "--until", "constraints")]], is_ours=True),
    Contender("images-sql", "pictures: SQL, as typed", "sections", "images", "images-sql", _one("images_plain")),
    Contender("images-tuned", "pictures: SQL, constraints afterwards", "sections", "images", "images-sql",
              _one("images_tuned")),
    Contender("image-id-etl", "image_id: etl, 2 workers", "images", "memoir", "image-id-sql",
              lambda run: [[run.etl("section-image-id", "--until", "constraints")]], is_ours=True),
    Contender("image-id-sql", "image_id: SQL, as typed", "images", "memoir", "image-id-sql", _one("image_id")),
    Contender("memoir-etl", "all three: etl in a row, 2 workers, each verified", "source", "memoir", "memoir-sql",
              lambda run: [[run.etl("chapter-sections", "memoir-images", "section-image-id")]], is_ours=True),
    Contender("memoir-one", "all three: etl in one pass, 2 workers", "source", "memoir", "memoir-sql",
              lambda run: [[run.etl("memoir", "--until", "constraints")]], is_ours=True),
    Contender("memoir-sql", "all three: SQL in a row, as typed", "source", "memoir", "memoir-sql", _one("memoir_plain")),
    Contender("memoir-tuned", "all three: SQL in one pass, constraints afterwards", "source", "memoir", "memoir-sql",
              _one("memoir_tuned")),
]

# What CI looks at: without programs from elsewhere, and without what says the same once more.
QUICK = ["etl-2", "sql", "sql-tuned", "floor", "verify", "images-etl", "images-sql", "image-id-etl", "image-id-sql"]
