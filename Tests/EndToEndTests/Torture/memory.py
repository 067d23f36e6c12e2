#!/usr/bin/env python3
"""Runs chapter-sections over many small chapters and some large ones, and says how much memory each command took.

    memory.py --etl .build/release/etl [--rows N] [--large N] [--workers N] [--bound MB]
"""

import argparse
import os
import subprocess
import sys
import time

from server import Server

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))

# Chapters of about 300 bytes; every third one has a picture.
SMALL = """
create table chapters (id uuid primary key, title text, content jsonb, images jsonb);
insert into chapters
select md5(i::text)::uuid, 'Chapter ' || i,
       jsonb_build_array(jsonb_build_object('title', 'Part ' || i, 'text', md5(i::text || 'a') || md5(i::text || 'b')),
                         md5(i::text || 'c') || md5(i::text || 'd')),
       case when i % 3 = 0 then jsonb_build_array(jsonb_build_object('url', i || '.jpg', 'width', 640)) end
  from generate_series(1, {rows}) i;
"""

# Chapters of about 1 MB in turn: one long text, a few hundred sections, tens of thousands of tiny ones.
LARGE = """
insert into chapters
select md5('large' || i)::uuid, 'Large chapter ' || i,
       (select jsonb_agg(jsonb_build_object('text', part))
          from (select string_agg(md5(i || ' ' || j), '') as part from generate_series(1, 31000) j
                 group by case i % 3 when 0 then 0 when 1 then j / 100 else j end) parts),
       '["cover.jpg"]'
  from generate_series(1, {large}) i;
vacuum analyze chapters;
"""


class Memory:
    """One server with one table, and the program at work on it."""

    def __init__(self, options):
        self.options = options
        self.server = Server()
        self.failures = 0

    def sql(self, text):
        return subprocess.run([self.server.binaries + "/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.server.url()],
                              input=text, text=True, stdout=subprocess.PIPE, check=True).stdout.strip()

    def measure(self, name, *arguments, expected=(0,)):
        """Runs a command and prints its peak of resident memory, as the kernel counted it."""
        began = time.monotonic()
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.server.url()}
        child = subprocess.Popen([self.options.etl, *arguments, "--quiet"], cwd=PROJECT, env=environment,
                                 stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / 1024
        wrong = child.returncode not in expected or peak > self.options.bound
        self.failures += wrong
        print("memory: %s: %d rows, %d workers, %.0f MB, %.0f s, exit code %d%s" % (
            name, self.options.rows + self.options.large, self.options.workers, peak, time.monotonic() - began,
            child.returncode, ": NOT AS IT SHOULD BE" if wrong else ""), flush=True)

    def run(self):
        self.sql(SMALL.format(rows=self.options.rows))
        self.sql(LARGE.format(large=self.options.large))
        print("memory: %s in chapters" % self.sql("select pg_size_pretty(pg_table_size('chapters'))"), flush=True)
        workers = ["--workers", str(self.options.workers)]
        self.measure("run", "run", "chapter-sections", *workers)
        # A sixteenth of the chunks has a change: their rows are compared one by one.
        self.sql("update chapters set images = '[\"new.jpg\"]' where id < '10000000-0000-0000-0000-000000000000'"
                 " and id::text like '%77'")
        self.measure("run again", "run", "chapter-sections", *workers)
        self.measure("catch-up", "catch-up", "chapter-sections")
        self.measure("verify", "verify", "chapter-sections", *workers)
        self.measure("drop", "run", "chapter-sections", "--with", "drop-old-columns", "--confirm", "postgres", *workers)
        self.measure("undo", "undo", "chapter-sections", "--confirm", "postgres")
        return 1 if self.failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--etl", required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=200)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--bound", type=int, default=256, help="megabytes")
    options = parser.parse_args()
    options.etl = os.path.abspath(options.etl)
    memory = Memory(options)
    try:
        sys.exit(memory.run())
    finally:
        memory.server.close()


if __name__ == "__main__":
    main()
