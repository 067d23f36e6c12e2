#!/usr/bin/env python3
"""Migrates and drops while an application writes, and says how long the drop held its lock and how long writers waited.

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

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))

CHAPTERS = """
create table chapters (id bigint primary key, title text, content jsonb, images jsonb);
insert into chapters
select i, 'Chapter ' || i,
       jsonb_build_array(jsonb_build_object('title', 'Part ' || i, 'text', repeat(md5(i::text), 20)),
                         jsonb_build_object('text', repeat(md5((i + 1)::text), 15)), 'plain ' || i),
       case when i % 3 = 0 then jsonb_build_array(i || '.jpg') end
  from generate_series(1, {rows}) i;
vacuum analyze chapters;
"""

# Seven writes of ten change a chapter, two make one, one deletes one; all over the table.
WRITES = r"""
\set id random(1, {rows})
\set kind random(1, 10)
\if :kind <= 7
update chapters set content = jsonb_build_array(jsonb_build_object('text', md5(random()::text)), 'x') where id = :id;
\elif :kind <= 9
insert into chapters (id, title, content) values (10000000 + (random() * 1e9)::bigint, 'n', '["new"]') on conflict do nothing;
\else
delete from chapters where id = :id;
\endif
"""


class LiveDrop:
    """One server, one application, one operator."""

    def __init__(self, options):
        self.options = options
        self.server = Server()
        self.phases = []

    def program(self, name):
        return self.server.binaries + "/" + name

    def etl(self, name, *arguments):
        """Runs a command while the application writes; gives what it said."""
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.server.url()}
        began = time.time()
        done = subprocess.run([self.options.etl, *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True,
                              check=False)
        self.phases.append((name, began, time.time()))
        if done.returncode:
            sys.exit("live drop: etl %s ended with %d\n%s" % (" ".join(arguments), done.returncode, done.stderr))
        return done.stdout + done.stderr

    def latencies(self, folder):
        """What pgbench logged: when each write ended, and how many milliseconds after it was due."""
        for path in glob.glob(folder + "/writes*"):
            with open(path, encoding="utf-8") as lines:
                for fields in map(str.split, lines):
                    if len(fields) >= 6 and fields[2].isdigit():
                        yield int(fields[4]) + int(fields[5]) / 1e6, int(fields[2]) / 1000

    def run(self):
        subprocess.run([self.program("psql"), "-Xqd", self.server.url(), "-v", "ON_ERROR_STOP=1", "-f", "-"],
                       input=CHAPTERS.format(rows=self.options.rows), text=True, check=True)
        folder = self.server.folder
        with open(folder + "/writes.sql", "w", encoding="utf-8") as script:
            script.write(WRITES.format(rows=self.options.rows))
        writer = subprocess.Popen(
            [self.program("pgbench"), "-n", "-R", str(self.options.rate), "-c", "4", "-j", "2", "-T", "3600", "-l",
             "--log-prefix", folder + "/writes", "-f", folder + "/writes.sql", self.server.url()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            alone = time.time()
            time.sleep(5)
            self.phases.append(("nothing else", alone, time.time()))
            self.etl("run", "run", "chapter-sections")
            self.etl("catch-up", "catch-up", "chapter-sections")
            said = self.etl("drop", "run", "chapter-sections", "--with", "drop-old-columns", "--confirm", "postgres")
        finally:
            # Its columns are gone: it ends by itself, and writes down what it has not yet written.
            try:
                writer.wait(timeout=20)
            except subprocess.TimeoutExpired:
                writer.terminate()
                writer.wait()
        locked = int(re.search(r"was locked for (\d+) ms", said).group(1))
        moved = re.search(r"in which (\d+) rows", said)
        self.tell(sorted(self.latencies(folder)), locked)
        print("live drop: %d chapters, %d writes a second: locked for %d ms, in which %s rows were brought over" % (
            self.options.rows, self.options.rate, locked, moved.group(1) if moved else "no"))
        # Beside nobody the time says nothing.
        return 0 if locked <= self.options.bound and moved else 1

    def tell(self, writes, locked):
        for name, began, ended in self.phases:
            # Whoever waited for the drop's lock is told of with the lock.
            own = sorted(late for end, late in writes if began <= end <= ended and not (name == "drop" and late >= locked / 2))
            if own:
                print("live drop: beside %s (%.0f s): %d writes, median %.1f ms, 99 %% %.1f ms, longest %.1f ms" % (
                    name, ended - began, len(own), own[len(own) // 2], own[len(own) * 99 // 100], own[-1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--etl", required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=200, help="writes a second")
    parser.add_argument("--bound", type=int, default=1000, help="milliseconds that the lock may be held")
    options = parser.parse_args()
    options.etl = os.path.abspath(options.etl)
    drop = LiveDrop(options)
    try:
        sys.exit(drop.run())
    finally:
        drop.server.close()


if __name__ == "__main__":
    main()
