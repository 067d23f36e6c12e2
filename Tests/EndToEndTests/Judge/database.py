"""The tables that are judged, read through psql."""

import collections
import sys
import uuid

import psql
from progress import Progress

NAMESPACE = uuid.UUID("6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10")
# Python's names for encodings of the server; one that is not here is judged as UTF-8.
CODECS = {"LATIN1": "latin-1", "LATIN9": "iso8859-15", "WIN1252": "cp1252", "EUC_CN": "gb2312",
          "SQL_ASCII": "ascii"}


# A row of chapter_sections. Dropped columns are None, as is image_id before it is there.
Section = collections.namedtuple("Section", "order id title content image attributes image_id")


class Database:
    """The tables as they are now, and the source as it was."""

    def __init__(self, options):
        self.options = options
        self.dsn = options.dsn
        schema = self.schema = psql.identifier(options.schema)
        self.sections_table = schema + ".chapter_sections"
        self.section_columns = psql.column_types(self.dsn, options.schema, "chapter_sections")
        source = schema + "." + psql.identifier(options.source)
        types = psql.column_types(self.dsn, options.schema, options.source)
        if not {"id", "content", "images"} <= set(types):
            raise psql.QueryFailed("%s has no id, content and images: name another with --source" % source)
        self.content_type, self.images_type = (
            types[name] if types[name] in ("json", "jsonb") else "text" for name in ("content", "images")
        )
        self.codec = CODECS.get(psql.value(self.dsn, "select current_setting('server_encoding')"), "utf-8")
        self.chapters = psql.rows(self.dsn, "select id, content, images from %s" % source)
        self.chapter_columns = psql.column_types(self.dsn, options.schema, "chapters")
        covered = "cover_image" in self.chapter_columns
        query = "select id, %s from %s.chapters" % ("cover_image" if covered else "null", schema)
        self.covers = dict(psql.rows(self.dsn, query))
        self.source, self.source_columns = source, types
        self.sections = self._sections()
        self.before = self._covers_before(schema)
        self.progress = Progress(self) if options.unfinished else None
        self.run = options.run or self.run_of(options.stage)
        # Whether pictures and their ids are written with the sections, and not by stages of their own.
        self.is_one_pass = self.run is not None and psql.value(
            self.dsn, "select pipeline from %s.runs where id::text = %s" % (self.ledger, psql.literal(self.run))) == "memoir"
        self.rejects = self.rejects_of(options.stage, self.run)

    def _sections(self):
        """Rows by chapter, in order."""
        columns = ["title", "content", "image", "attributes", "image_id"]
        there = [name if name in self.section_columns else "null" for name in columns]
        found = {}
        if not self.section_columns and self.options.unfinished:
            return found
        query = "select chapter_id, order_index, id, %s from %s" % (", ".join(there), self.sections_table)
        for chapter, order, *rest in psql.rows(self.dsn, query):
            found.setdefault(chapter, []).append(Section(int(order), *rest))
        for rows in found.values():
            rows.sort(key=lambda row: (row.order, row.id))
        return found

    def _covers_before(self, schema):
        """Covers that were set before the run: in a file in COPY's text format, a table judge_before, or the copy."""
        if self.options.covers_before:
            with open(self.options.covers_before, encoding="utf-8", newline="\n") as lines:
                return dict(psql.decoded(lines.read()))
        if psql.column_types(self.dsn, self.options.schema, "judge_before"):
            return dict(psql.rows(self.dsn, "select id, cover_image from %s.judge_before" % schema))
        if self.options.source != "chapters" and "cover_image" in self.source_columns:
            return dict(psql.rows(self.dsn, "select id, cover_image from %s" % self.source))
        return {}

    def touched_chapters(self):
        """The keys of chapters of which a column has changed that nobody may change, by comparison with the copy."""
        if self.options.source == "chapters":
            return []
        ours = {"id", "content", "images", "cover_image"}
        others = [psql.identifier(name) for name in self.source_columns if name not in ours]
        gone = [name for name in others if name not in map(psql.identifier, self.chapter_columns)]
        if gone or not others:
            return ["column " + name for name in gone]
        row = ["row(%s)::text" % ", ".join("%s.%s" % (table, name) for name in others) for table in ("a", "b")]
        query = "select id from %s a full join %s.chapters b using (id) where %s is distinct from %s"
        return [key for key, in psql.rows(self.dsn, query % (self.source, self.schema, *row))]

    def is_done(self, stage, key):
        """Whether a source row is in a chunk that is done; all are, unless an unfinished run is judged."""
        if self.is_one_pass and stage in ("images", "backfill"):
            # Only sections of chapters that are done are asked for.
            return True
        return self.progress is None or key in self.progress.done(stage)

    def chunks_left(self):
        """By stage, how many chunks are not done."""
        if not self.has_ledger:
            return []
        query = "select stage, count(*) from %s.chunks where state <> 'done' group by 1 order by 1" % self.ledger
        return psql.rows(self.dsn, query)

    def run_of(self, stage):
        """The latest run with a stage of this name; None where an unfinished run has not come to it."""
        if self.options.unfinished and not self.has_ledger:
            return None
        found = psql.rows(
            self.dsn,
            "select r.id from {0}.runs r join {0}.stages s on s.run_id = r.id where s.name = {1}"
            " order by r.started_at desc limit 1".format(self.ledger, psql.literal(stage)),
        )
        if not found and self.options.unfinished:
            return None
        if not found:
            raise psql.QueryFailed("the ledger knows no run with a stage %s" % stage)
        return found[0][0]

    @property
    def ledger(self):
        """The ledger's schema, quoted."""
        return psql.identifier(self.options.ledger)

    @property
    def has_ledger(self):
        """Whether there is a ledger; its tables come together."""
        return bool(psql.column_types(self.dsn, self.options.ledger, "chunks"))

    def rejects_of(self, stage, run):
        """Codes, places and messages by key of what stands rejected in a stage of a run."""
        found = {}
        if run is None:
            return found
        for key, *rest in psql.rows(
            self.dsn,
            "select case jsonb_typeof(key) when 'array' then key->>0 else key#>>'{}' end,"
            " code, place, message"
            " from %s.rejects where stage = %s and run_id::text = %s and state in ('open', 'accepted')"
            % (self.ledger, psql.literal(stage), psql.literal(run)),
        ):
            found.setdefault(key, []).append(rest)
        return found

    def stage_sums(self):
        """For each run and stage: the sums of read, migrated, empty, rejected, gone over its chunks, and of what else
        a row that was read may have been."""
        if self.options.unfinished and not self.has_ledger:
            return {}
        others = [name for name in ("stale", "wrong") if name in psql.column_types(
            self.dsn, self.options.ledger, "chunks")]
        names = ["read", "migrated", "empty", "rejected", "gone", "+".join(others) or "0"]
        sums = ", ".join("coalesce(sum(%s), 0)" % name for name in names)
        query = "select run_id, stage, %s from %s.chunks group by 1, 2" % (sums, self.ledger)
        return {(run, stage): tuple(map(int, numbers)) for run, stage, *numbers in psql.rows(self.dsn, query)}

    def unmapped(self):
        """How many documents the ledger counts for each unmapped key; None where it keeps no such table."""
        if self.run is None or not psql.column_types(self.dsn, self.options.ledger, "unmapped"):
            return None
        query = "select name, sum(count) from %s.unmapped where stage = %s and run_id::text = %s group by 1" % (
            self.ledger, psql.literal(self.options.stage), psql.literal(self.run))
        return {name: int(count) for name, count in psql.rows(self.dsn, query)}

    def wrong_section_ids_in_sql(self):
        """How many ids of sections differ from uuid_generate_v5, or None where uuid-ossp cannot be had."""
        return self._wrong_ids_in_sql(self.sections_table, "chapter_id::text || '/' || order_index::text")

    def wrong_picture_ids_in_sql(self):
        """The same for pictures."""
        return self._wrong_ids_in_sql(
            self.schema + ".memoir_images",
            "case when section_id is null then 'cover/' || chapter_id::text else 'section/' || section_id::text end")

    def _wrong_ids_in_sql(self, table, name):
        if not self.options.sql_ids or not psql.column_types(self.dsn, self.options.schema, table.rpartition(".")[2]):
            return 0
        if not psql.run(self.dsn, "select 1 from pg_available_extensions where name = 'uuid-ossp'").strip():
            return None
        sql = (
            "set client_min_messages = error;"
            ' begin; create extension if not exists "uuid-ossp";'
            " select quote_ident(n.nspname) as home from pg_extension e join pg_namespace n"
            " on n.oid = e.extnamespace where extname = 'uuid-ossp' \\gset\n"
            "select count(*) from %s where id is distinct from :home.uuid_generate_v5('%s', %s); rollback;"
        )
        try:
            return int(psql.run(self.dsn, sql % (table, NAMESPACE, name)))
        except psql.QueryFailed as failure:
            print("judge: ids were not compared in SQL: %s" % failure, file=sys.stderr)
            return None
