"""The tables that are judged, read through psql."""

import sys
import uuid

import psql

NAMESPACE = uuid.UUID("6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10")
# Python's names for encodings of the server; one that is not here is judged as UTF-8.
CODECS = {"LATIN1": "latin-1", "LATIN9": "iso8859-15", "WIN1252": "cp1252", "EUC_CN": "gb2312",
          "SQL_ASCII": "ascii"}


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
            "select chapter_id, order_index, id, title, content, image, attributes from "
            + self.sections_table,
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
            "select case jsonb_typeof(key) when 'array' then key->>0 else key#>>'{}' end,"
            " code, place, message"
            " from %s.rejects where stage = %s and run_id::text = %s and state in ('open', 'accepted')"
            % (ledger, stage, psql.literal(self.run)),
        ):
            found.setdefault(key, []).append(rest)
        return found

    def stage_sums(self):
        """For each run and stage: the sums of read, migrated, empty, rejected, gone over its chunks."""
        names = ("read", "migrated", "empty", "rejected", "gone")
        sums = ", ".join("coalesce(sum(%s), 0)" % name for name in names)
        query = "select run_id, stage, %s from %s.chunks group by 1, 2" % (sums, self._ledger()[0])
        return {(run, stage): tuple(map(int, numbers)) for run, stage, *numbers in psql.rows(self.dsn, query)}

    def unmapped(self):
        """How many documents the ledger counts for each unmapped key; None where it keeps no such table."""
        if not psql.column_types(self.dsn, self.options.ledger, "unmapped"):
            return None
        ledger, stage = self._ledger()
        query = "select name, sum(count) from %s.unmapped where stage = %s and run_id::text = %s group by 1"
        found = psql.rows(self.dsn, query % (ledger, stage, psql.literal(self.run)))
        return {name: int(count) for name, count in found}

    def wrong_ids_in_sql(self):
        """How many ids differ from uuid_generate_v5, or None where uuid-ossp cannot be had."""
        sql = (
            "set client_min_messages = error;"
            ' begin; create extension if not exists "uuid-ossp";'
            " select quote_ident(n.nspname) as home from pg_extension e join pg_namespace n"
            " on n.oid = e.extnamespace where extname = 'uuid-ossp' \\gset\n"
            "select count(*) from %s where id is distinct from"
            " :home.uuid_generate_v5('%s', chapter_id::text || '/' || order_index::text); rollback;"
        )
        try:
            return int(psql.run(self.dsn, sql % (self.sections_table, NAMESPACE)))
        except psql.QueryFailed as failure:
            print("judge: ids were not compared in SQL: %s" % failure, file=sys.stderr)
            return None
