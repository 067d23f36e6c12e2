#!/usr/bin/env python3
"""Runs the pipelines over many small chapters and some large ones, and says how much memory each command took.

    memory.py --etl .build/release/etl [--rows N] [--large N] [--workers N] [--bound MB] [--sections-only]
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
"""

# And as many as there are workers with as many sections as 1 MB can hold: twenty times as much when they are rows.
AMPLE = """
insert into chapters
select md5('ample' || i)::uuid, 'Ample chapter ' || i, ('[' || repeat('"a",', 262000) || '"a"]')::jsonb, null
  from generate_series(1, {workers}) i;
vacuum analyze chapters;
"""

CONFIRMED = ["--confirm", "postgres"]


class Fence:
    """A group of processes that the kernel kills where they take more than so much memory, where such may be made."""

    def __init__(self, megabytes):
        self.path = None
        for parent, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            path = "%s/etl-memory-%d" % (parent, os.getpid())
            try:
                os.mkdir(path)
            except OSError:
                continue
            try:
                with open(path + "/" + limit, "w", encoding="ascii") as file:
                    file.write(str(megabytes << 20))
                self.path = path
                return
            except OSError:
                os.rmdir(path)

    def enter(self):
        if self.path:
            with open(self.path + "/cgroup.procs", "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

    def close(self):
        if self.path:
            os.rmdir(self.path)


class Memory:
    """One server with one table, and the program at work on it."""

    def __init__(self, options):
        self.options = options
        self.server = Server()
        self.fence = Fence(options.bound)
        self.failures = 0

    def sql(self, text):
        return subprocess.run([self.server.binaries + "/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.server.url()],
                              input=text, text=True, stdout=subprocess.PIPE, check=True).stdout.strip()

    def measure(self, name, *arguments, expected=(0,)):
        """Runs a command and prints its peak of resident memory, as the kernel counted it."""
        began = time.monotonic()
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.server.url()}
        child = subprocess.Popen([self.options.etl, *arguments, "--quiet"], cwd=PROJECT, env=environment,
                                 stdout=subprocess.DEVNULL, preexec_fn=self.fence.enter)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / 1024
        wrong = child.returncode not in expected or peak > self.options.bound
        self.failures += wrong
        print("memory: %s: %d rows, %d workers, %.0f MB, %.0f s, exit code %d%s" % (
            name, self.options.rows + self.options.large + self.options.workers, self.options.workers, peak, time.monotonic() - began,
            child.returncode, ": NOT AS IT SHOULD BE" if wrong else ""), flush=True)

    def run(self):
        self.sql(SMALL.format(rows=self.options.rows))
        self.sql(LARGE.format(large=self.options.large))
        self.sql(AMPLE.format(workers=self.options.workers))
        print("memory: %s in chapters" % self.sql("select pg_size_pretty(pg_table_size('chapters'))"), flush=True)
        print("memory: %s" % ("no process may have more than %d MB, or the kernel kills it" % self.options.bound
                              if self.fence.path else "no group with a limit may be made here: it is measured alone"))
        workers = ["--workers", str(self.options.workers)]
        self.measure("run", "run", "chapter-sections", *workers)
        # A sixteenth of the chunks has a change: their rows are compared one by one.
        self.sql("update chapters set images = '[\"new.jpg\"]' where id < '10000000-0000-0000-0000-000000000000'"
                 " and id::text like '%77'")
        self.measure("run again", "run", "chapter-sections", *workers)
        self.measure("catch-up", "catch-up", "chapter-sections")
        self.measure("verify", "verify", "chapter-sections", *workers)
        if not self.options.sections_only:
            self.measure("pictures", "run", "memoir-images", *workers)
            self.measure("image ids", "run", "section-image-id", *workers)
            self.measure("drop of pictures", "run", "section-image-id", "--with", "drop-section-image", *CONFIRMED, *workers)
        self.measure("drop", "run", "chapter-sections", "--with", "drop-old-columns", *CONFIRMED, *workers)
        if not self.options.sections_only:
            self.measure("undo of image ids", "undo", "section-image-id", *CONFIRMED)
            self.measure("undo of pictures", "undo", "memoir-images", *CONFIRMED)
        self.measure("undo", "undo", "chapter-sections", *CONFIRMED)
        if not self.options.sections_only:
            stages = ["drop-old-columns", "pictures", "verify-pictures", "drop-section-image"]
            self.measure("one pass", "run", "memoir", *workers)
            self.measure("its drops", "run", "memoir", *(word for stage in stages for word in ("--with", stage)), *CONFIRMED, *workers)
            self.measure("its undo", "undo", "memoir", *CONFIRMED)
        return 1 if self.failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--etl", required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=200)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--bound", type=int, default=256, help="megabytes")
    parser.add_argument("--sections-only", action="store_true", help="of the pipelines chapter-sections alone")
    options = parser.parse_args()
    options.etl = os.path.abspath(options.etl)
    memory = Memory(options)
    try:
        sys.exit(memory.run())
    finally:
        memory.server.close()
        memory.fence.close()


if __name__ == "__main__":
    main()
