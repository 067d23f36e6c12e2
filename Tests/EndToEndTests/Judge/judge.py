#!/usr/bin/env python3
"""Compares a migrated database with what the contract says of its chapters.

    judge.py --dsn 'host=… dbname=…' [--schema public] [--ledger etl]

Prints the first differences and exits with 1, or one closing line and exits with 0.
"""

import argparse
import sys
import uuid

import psql
from jsontext import parse, same_print
from properties import losses
from recompute import recompute

NAMESPACE = uuid.UUID("6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10")
# Python's names for encodings of the server; one that is not here is judged as UTF-8.
CODECS = {"LATIN1": "latin-1", "LATIN9": "iso8859-15", "WIN1252": "cp1252", "EUC_CN": "gb2312", "SQL_ASCII": "ascii"}
SHOWN = 20


class Findings:
    """Differences, counted, with the first ones kept."""

    def __init__(self):
        self.count = 0
        self.first = []

    def add(self, about, sentence):
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append("%s: %s" % (about, sentence))


class Database:
    """The tables as they are now."""

    def __init__(self, options):
        self.options = options
        self.dsn = options.dsn
        schema = psql.identifier(options.schema)
        self.sections_table = schema + ".chapter_sections"
        source = schema + "." + psql.identifier(options.source)
        types = psql.column_types(self.dsn, options.schema, options.source)
        if not {"id", "content", "images"} <= set(types):
            raise psql.QueryFailed("%s has no id, content and images: name another with --source" % source)
        self.content_type, self.images_type = (
            types[name] if types[name] in ("json", "jsonb") else "text" for name in ("content", "images")
        )
        self.codec = CODECS.get(psql.value(self.dsn, "select current_setting('server_encoding')"), "utf-8")
        self.chapters = psql.rows(self.dsn, "select id, content, images from %s" % source)
        covered = "cover_image" in psql.column_types(self.dsn, options.schema, "chapters")
        query = "select id, %s from %s.chapters" % ("cover_image" if covered else "null", schema)
        self.covers = dict(psql.rows(self.dsn, query))
        self.sections = self._sections()
        self.before = self._covers_before(schema)
        self.run = options.run or self._latest_run()
        self.rejects = self._rejects()

    def _sections(self):
        """Rows by chapter: (order_index, id, title, content, image, attributes), in order."""
        found = {}
        for chapter, order, *rest in psql.rows(
            self.dsn,
            "select chapter_id, order_index, id, title, content, image, attributes from %s" % self.sections_table,
        ):
            found.setdefault(chapter, []).append((int(order), *rest))
        for rows in found.values():
            rows.sort()
        return found

    def _covers_before(self, schema):
        """Covers that were set before the run; COPY's text format in a file, or a table judge_before."""
        if self.options.covers_before:
            with open(self.options.covers_before, encoding="utf-8", newline="\n") as lines:
                return dict(psql.decoded(lines.read()))
        if psql.column_types(self.dsn, self.options.schema, "judge_before"):
            return dict(psql.rows(self.dsn, "select id, cover_image from %s.judge_before" % schema))
        return {}

    def _latest_run(self):
        found = psql.rows(
            self.dsn,
            "select r.id from {0}.runs r join {0}.stages s on s.run_id = r.id where s.name = {1}"
            " order by r.started_at desc limit 1".format(*self._ledger()),
        )
        if not found:
            raise psql.QueryFailed("the ledger knows no run with a stage %s" % self.options.stage)
        return found[0][0]

    def _ledger(self):
        return psql.identifier(self.options.ledger), psql.literal(self.options.stage)

    def _rejects(self):
        """Codes, places and messages by key of the chapters that stand rejected."""
        ledger, stage = self._ledger()
        found = {}
        for key, *rest in psql.rows(
            self.dsn,
            "select case jsonb_typeof(key) when 'array' then key->>0 else key#>>'{}' end, code, place, message"
            " from %s.rejects where stage = %s and run_id::text = %s and state in ('open', 'accepted')"
            % (ledger, stage, psql.literal(self.run)),
        ):
            found.setdefault(key, []).append(rest)
        return found

    def stage_sums(self):
        """For each run and stage: the sums of read, migrated, empty, rejected, gone over its chunks."""
        sums = ", ".join("coalesce(sum(%s), 0)" % name for name in ("read", "migrated", "empty", "rejected", "gone"))
        query = "select run_id, stage, %s from %s.chunks group by 1, 2" % (sums, self._ledger()[0])
        return {(run, stage): tuple(map(int, numbers)) for run, stage, *numbers in psql.rows(self.dsn, query)}

    def wrong_ids_in_sql(self):
        """How many ids differ from uuid_generate_v5, or None where uuid-ossp cannot be had."""
        sql = (
            'begin; create extension if not exists "uuid-ossp";'
            " select quote_ident(n.nspname) as home from pg_extension e join pg_namespace n"
            " on n.oid = e.extnamespace where extname = 'uuid-ossp' \\gset\n"
            "select count(*) from %s where id is distinct from"
            " :home.uuid_generate_v5('%s', chapter_id::text || '/' || order_index::text); rollback;"
        )
        try:
            return int(psql.run(self.dsn, "set client_min_messages = error; " + sql % (self.sections_table, NAMESPACE)))
        except psql.QueryFailed as failure:
            print("judge: ids were not compared in SQL: %s" % failure, file=sys.stderr)
            return None


def json_value(text):
    return None if text is None else parse(text)[0]


def judge_cover(key, expected, database, findings):
    """A cover set before stays as it was; another one is what is expected, a value or None."""
    now = json_value(database.covers.get(key))
    before = json_value(database.before.get(key))
    if before is not None:
        if not same_print(now, before):
            findings.add(key, "its cover was set and is changed")
    elif not same_print(now, expected):
        findings.add(key, "cover %r, expected %r" % (now, expected))


def judge_rejected(key, outcome, database, findings):
    records = database.rejects.get(key, [])
    if key in database.sections:
        findings.add(key, "is rejected and has sections")
    judge_cover(key, None, database, findings)
    if len(records) != 1:
        findings.add(key, "must be rejected (%s), rejects: %d" % (sorted(outcome.codes), len(records)))
    for code, place, message in records:
        if code not in outcome.codes:
            findings.add(key, "rejected as %s, expected %s (%s)" % (code, sorted(outcome.codes) or "none", message))
        if place is None or not message:
            findings.add(key, "its reject lacks the place or the message")


def judge_rows(key, rows, outcome, findings):
    """The rows against the recomputed sections; returns them as (title, content, image, attributes)."""
    held = []
    if len(rows) != len(outcome.sections):
        findings.add(key, "%d sections, expected %d" % (len(rows), len(outcome.sections)))
    for number, (order, identity, title, content, image, attributes) in enumerate(rows):
        if order != number:
            findings.add(key, "order_index %d where %d is expected" % (order, number))
        if identity != str(uuid.uuid5(NAMESPACE, "%s/%d" % (key, order))):
            findings.add(key, "section %d: id %s is not the UUIDv5" % (number, identity))
        row = (title, content, json_value(image), {} if attributes == "{}" else json_value(attributes))
        held.append(row)
        if number >= len(outcome.sections):
            continue
        expected = outcome.sections[number]
        for name, now, then in zip(("title", "content", "image", "attributes"), row, expected):
            if not same_print(now, then):
                findings.add(key, "section %d: %s is %.200r, expected %.200r" % (number, name, now, then))
    return held


def judge_chapters(database, findings):
    """Every chapter; returns how many were migrated, empty and rejected."""
    migrated = empty = rejected = 0
    types = database.content_type, database.images_type
    for key, content, images in database.chapters:
        outcome = recompute(content, types[0], images, types[1], database.codec)
        if outcome.codes or key in database.rejects:
            rejected += 1
            judge_rejected(key, outcome, database, findings)
            continue
        migrated += bool(outcome.sections)
        empty += not outcome.sections
        judge_cover(key, outcome.cover, database, findings)
        held = judge_rows(key, database.sections.get(key, []), outcome, findings)
        if not all(isinstance(image, (dict, type(None))) and isinstance(more, dict) for _, _, image, more in held):
            findings.add(key, "an image or attributes is no object")
            continue
        for loss in losses(content, types[0], images, types[1], held):
            findings.add(key, "lost: " + loss)
    return migrated, empty, rejected


def judge_ledger(database, counted, findings):
    sums = database.stage_sums()
    for (run, stage), (read, migrated, empty, rejected, gone) in sums.items():
        if read != migrated + empty + rejected + gone:
            findings.add("stage %s of run %s" % (stage, run), "read %d is not the sum of its outcomes" % read)
    if database.options.changed:
        return
    own = sums.get((database.run, database.options.stage))
    if own is None or own[1:4] != counted:
        names = "migrated, empty, rejected"
        findings.add("stage %s" % database.options.stage, "(%s) is %s, expected %s" % (names, own and own[1:4], counted))


def judge(options):
    findings = Findings()
    database = Database(options)
    counted = judge_chapters(database, findings)
    judge_ledger(database, counted, findings)
    known = {key for key, _, _ in database.chapters}
    for key in database.sections.keys() - known:
        findings.add(key, "has sections but is no chapter")
    for key in database.rejects.keys() - known:
        findings.add(key, "is in rejects but is no chapter")
    wrong = database.wrong_ids_in_sql()
    if wrong:
        findings.add("ids", "%d differ from uuid_generate_v5" % wrong)
    for line in findings.first:
        print(line)
    if findings.count:
        print("judge: %d differences, the first %d above" % (findings.count, len(findings.first)))
        return 1
    sections = sum(map(len, database.sections.values()))
    print("judge: %d chapters, %d sections, %d rejects: all as the contract says"
          % (len(database.chapters), sections, len(database.rejects)))
    return 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--dsn", required=True, help="a connection string for psql")
    arguments.add_argument("--schema", default="public")
    arguments.add_argument("--ledger", default="etl")
    arguments.add_argument("--stage", default="sections", help="the stage whose rejects and counts are judged")
    arguments.add_argument("--run", help="a run's id; the latest with that stage where it is not given")
    arguments.add_argument("--source", default="chapters", help="a table with id, content and images as they were")
    arguments.add_argument("--covers-before", help="a file of id and cover_image, as COPY TO STDOUT prints them")
    arguments.add_argument("--changed", action="store_true",
                           help="chapters came, went or were retried since: do not compare the counts with them")
    options = arguments.parse_args()
    sys.setrecursionlimit(20000)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return judge(options)
    except psql.QueryFailed as failure:
        print("judge: %s" % failure)
        return 1


if __name__ == "__main__":
    sys.exit(main())
