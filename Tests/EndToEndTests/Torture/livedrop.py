#!/usr/bin/env python3
"""Migrates and drops while an application writes, in both ways, and says how long the drop held its lock and how long writers
waited; the judge has the last word.

    livedrop.py --etl .build/release/etl [--rows N] [--rate N] [--bound MS]
"""

import argparse
import glob
import os
import re
import subprocess
import sys
import time

from server import Server

JUDGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Judge")
PROJECT = os.path.abspath(os.path.join(JUDGE, "..", "..", ".."))
WAYS = {"three pipelines": ["chapter-sections", "memoir-images", "section-image-id"], "one pass": ["memoir"]}

CHAPTERS = """
create table chapters (id bigint primary key, title text, content jsonb, images jsonb);
insert into chapters
select i, 'Chapter ' || i,
       jsonb_build_array(jsonb_build_object('title', 'Part ' || i, 'text', repeat(md5(i::text), 20)),
                         jsonb_build_object('text', repeat(md5((i + 1)::text), 15)), 'plain ' || i),
       case when i % 3 = 0 then jsonb_build_array(i || '.jpg') end
  from generate_series(1, {rows}) i;
create table judge_source as select id, content, images from chapters;
alter table judge_source add primary key (id);
vacuum analyze;
"""

# Seven writes of ten change a chapter, two make one, one deletes one; all over the table. What the chapters held when their
# columns went, the application itself knows: each statement writes it down for the judge, too, and fails for both or for none.
WRITES = r"""
\set id random(1, {rows})
\set kind random(1, 10)
\if :kind <= 7
with new as (update chapters set content = jsonb_build_array(jsonb_build_object('text', md5(random()::text)), 'x') where id = :id
             returning id, content)
update judge_source s set content = new.content from new where s.id = new.id;
\elif :kind <= 9
with new as (insert into chapters (id, title, content) values (10000000 + (random() * 1e9)::bigint, 'n', '["new"]')
                 on conflict do nothing returning id, content)
insert into judge_source (id, content) select id, content from new;
\else
with gone as (delete from chapters where id = :id returning id, content) delete from judge_source s using gone where s.id = gone.id;
\endif
"""


class LiveDrop:
    """One application and one operator, on a database of their own."""

    def __init__(self, server, options, way):
        self.server, self.options, self.way = server, options, way
        self.database = way.replace(" ", "_")
        self.url = server.url(self.database)
        self.phases = []

    def program(self, name):
        return self.server.binaries + "/" + name

    def etl(self, name, *arguments):
        """Runs a command while the application writes; gives what it said."""
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.url}
        began = time.time()
        done = subprocess.run([self.options.etl, *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True,
                              check=False)
        self.phases.append((name, began, time.time()))
        if done.returncode:
            sys.exit("live drop: etl %s ended with %d\n%s" % (" ".join(arguments), done.returncode, done.stderr))
        return done.stdout + done.stderr

    def latencies(self, log):
        """What pgbench logged: when each write ended, and how many milliseconds after it was due."""
        for path in glob.glob(log + "*"):
            with open(path, encoding="utf-8") as lines:
                for fields in map(str.split, lines):
                    if len(fields) >= 6 and fields[2].isdigit():
                        yield int(fields[4]) + int(fields[5]) / 1e6, int(fields[2]) / 1000

    def run(self):
        """Whether everything was as it should be."""
        subprocess.run([self.program("createdb"), "--maintenance-db", self.server.url(), self.database], check=True)
        subprocess.run([self.program("psql"), "-Xqd", self.url, "-v", "ON_ERROR_STOP=1", "-f", "-"],
                       input=CHAPTERS.format(rows=self.options.rows), text=True, check=True)
        script, log = (self.server.folder + "/" + self.database + ending for ending in (".sql", "-writes"))
        with open(script, "w", encoding="utf-8") as file:
            file.write(WRITES.format(rows=self.options.rows))
        writer = subprocess.Popen(
            [self.program("pgbench"), "-n", "-R", str(self.options.rate), "-c", "4", "-j", "2", "-T", "3600", "-l",
             "--log-prefix", log, "-f", script, self.url],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        first = WAYS[self.way][0]
        try:
            alone = time.time()
            time.sleep(5)
            self.phases.append(("nothing else", alone, time.time()))
            for pipeline in WAYS[self.way]:
                self.etl("run of " + pipeline, "run", pipeline)
            self.etl("catch-up", "catch-up", first)
            said = self.etl("drop", "run", first, "--with", "drop-old-columns", "--confirm", self.database)
        finally:
            # Its columns are gone: it ends by itself, and writes down what it has not yet written.
            try:
                writer.wait(timeout=20)
            except subprocess.TimeoutExpired:
                writer.terminate()
                writer.wait()
        locked = int(re.search(r"was locked for (\d+) ms", said).group(1))
        moved = re.search(r"in which (\d+) rows", said)
        longest = self.tell(sorted(self.latencies(log)), locked)
        # What was written before the columns went is in the sections; pictures of those are brought over by their own pipelines.
        for pipeline in WAYS[self.way]:
            self.etl("verification of " + pipeline, "verify", pipeline)
        verdict = self.judge()
        print("live drop: %s: %d chapters, %d writes a second: locked for %d ms, in which %s rows were brought over; %s" % (
            self.way, self.options.rows, self.options.rate, locked, moved.group(1) if moved else "no", verdict), flush=True)
        # Beside nobody the times would say nothing.
        return locked <= self.options.bound and longest <= self.options.bound and moved and verdict.endswith("as the contract says")

    def tell(self, writes, locked):
        """How long writes took beside each command; gives the longest, but for those that waited for the drop's lock."""
        longest = 0
        for name, began, ended in self.phases:
            # Whoever waited for the drop's lock is told of with the lock.
            own = sorted(late for end, late in writes if began <= end <= ended and not (name == "drop" and late >= locked / 2))
            if own:
                longest = max(longest, own[-1])
                print("live drop: %s: beside %s (%.0f s): %d writes, median %.1f ms, 99 %% %.1f ms, longest %.1f ms" % (
                    self.way, name, ended - began, len(own), own[len(own) // 2], own[len(own) * 99 // 100], own[-1]), flush=True)
        return longest

    def judge(self):
        """Every chapter as the application last wrote it is where it belongs, and in the archive."""
        check = [sys.executable, JUDGE + "/check.py", "--dsn", self.url, "--source", "judge_source", "--changed", "--complete",
                 "--ended"]
        said = subprocess.run(check, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
        return said if said.endswith("as the contract says") else "NOT AS IT SHOULD BE:\n" + said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--etl", required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=200, help="writes a second")
    parser.add_argument("--bound", type=int, default=1000, help="milliseconds that a lock may be held, and a write may take")
    options = parser.parse_args()
    options.etl = os.path.abspath(options.etl)
    server = Server()
    try:
        ends = [LiveDrop(server, options, way).run() for way in WAYS]
        sys.exit(0 if all(ends) else 1)
    finally:
        server.close()


if __name__ == "__main__":
    main()
