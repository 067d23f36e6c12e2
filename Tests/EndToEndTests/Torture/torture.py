#!/usr/bin/env python3
"""Runs the three pipelines, and in every other round the one in their place, while everything goes wrong around them, and
judges every end.

    torture.py --etl .build/debug/etl [--minutes N] [--seed S] [--rows N] [--no-writer]

Several processes of etl work on one database of a server of its own, beside an application that writes to the chapters;
a fault every few seconds. In each round the application then stops, the runs are let finish, and the judge says whether
every row is where it must be. Then all that may be dropped is dropped, and everything undone, beside faults again, and each
is judged. The seed gives the same chapters and the same plan of faults; what they meet differs.
"""

import argparse
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from faults import FAULTS, plan
from proxy import Proxy
from server import Server
from writer import Writer

JUDGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Judge")
PROJECT = os.path.abspath(os.path.join(JUDGE, "..", "..", ".."))
IN_ROW = ["chapter-sections", "memoir-images", "section-image-id"]
ONE_PASS = ["memoir"]
# What drops everything that may be dropped, and where the rejects and keys are that must be accepted for it.
DROPS = {
    "chapter-sections": ["chapter-sections:drop-old-columns", "section-image-id:drop-section-image"],
    "memoir": ["drop-old-columns", "pictures", "verify-pictures", "drop-section-image"],
}
LOSSES = {"chapter-sections": "('sections')", "memoir": "('sections', 'covers')"}
CANARY = "Ganymede77"
# Done, nothing to catch up with yet, rejects are open, refused, another run, server lost, commit unknown, killed, stopped.
EXPLAINED = (0, 2, 3, 4, 5, 6, 7, -signal.SIGKILL, 129, 130, 143)
# What the program does to itself, and nobody to it.
CRASHES = (-signal.SIGILL, -signal.SIGTRAP, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGSEGV)

# After everything was undone: chapters that are not as they were, covers included, and tables that should be gone.
DIFFERING = """
select (select count(*) from {source} a full join chapters b using (id)
         where row(a.content, a.images)::text is distinct from row(b.content, b.images)::text or a.id is null or b.id is null)
     + (select count(*) from chapters b left join judge_before a using (id)
         where a.cover_image is distinct from b.cover_image)
     + (select count(*) from pg_class where relname in ('chapter_sections', 'memoir_images'))
"""


class Torture:
    """One server, and round after round on a fresh database."""

    def __init__(self, options):
        self.options = options
        self.server = Server()
        self.proxy = Proxy(self.server.folder)
        self.clients = []
        self.started = self.midway = 0
        # Whether anything went wrong that no fault explains, whatever the judge says.
        self.has_failed = False
        self.ends = collections.Counter()
        self.met = collections.Counter()
        self.logs = self.server.folder + "-logs"
        os.makedirs(self.logs, exist_ok=True)
        help_ = subprocess.run([options.etl, "--help"], capture_output=True, check=True).stdout
        self.catches_up = bool(re.search(rb"^  catch-up ", help_, re.MULTILINE))

    def round(self, number, seconds):
        seed = self.options.seed * 1000 + number
        self.name = "torture_%d" % number
        self.pipelines = ONE_PASS if number % 2 == 0 else IN_ROW
        self.url = self.server.url(self.name)
        subprocess.run(["createdb", "--maintenance-db", self.server.url(), self.name], check=True)
        self._fill(seed)
        writer = Writer(self.url, seed, self.options.rate) if self.options.writer else None
        if writer:
            writer.start()
        began = time.monotonic()
        faults, looks = plan(seed, seconds), 0
        while time.monotonic() - began < seconds:
            self._tend(seed)
            # What nobody writes to can be judged while the runs are at it.
            if not writer and time.monotonic() - began > 10 * (looks + 1):
                looks += 1
                self._judge_midway()
            if faults and faults[0][0] <= time.monotonic() - began:
                _, name, part = faults.pop(0)
                self.met[name] += 1
                FAULTS[name][1](self, part)
            time.sleep(0.05)
        if writer:
            writer.stop()
        self._let_finish()
        self._finish(writer)
        said = self._check("chapters" if writer else "judge_source", writer)
        if said.strip().endswith("all as the contract says"):
            said += self._drop_and_undo(seed, writer)
        print("round %d (seed %d, %s): %s%s" % (number, seed, " ".join(self.pipelines), "" if not writer else "%d writes, %d failed, slowest script"
              " %.1f s; " % (writer.written, writer.failed, writer.slowest), said.strip().splitlines()[-1]), flush=True)
        return said.strip().endswith("all as the contract says") or print(said)

    def _fill(self, seed):
        arguments = ["--rows", str(self.options.rows), "--seed", str(seed), "--key", "uuid", "--content", "jsonb",
                     "--images", "jsonb", "--cover", "every", "--bad", "0.02", "--small", "--copy", "judge_source"]
        sql = subprocess.run([sys.executable, JUDGE + "/generate.py", *arguments], stdout=subprocess.PIPE, check=True)
        subprocess.run(["psql", "-Xqd", self.url, "-v", "ON_ERROR_STOP=1", "-f", "-"], input=sql.stdout, check=True)

    # The processes

    def _start(self, *arguments):
        # Who is frozen is waited for as long as in earnest, less would not do.
        command = [self.options.etl, *arguments, "--max-outage", "120"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment["DATABASE_URL"] = self.server.url(self.name, CANARY, self.proxy.folder)
        said = "%s/%s-%d" % (self.logs, self.name, len(os.listdir(self.logs)))
        with open(said, "wb") as log:
            client = subprocess.Popen(command, stdout=log, stderr=log, cwd=PROJECT, env=environment)
        client.said = said
        return client

    def _tend(self, seed):
        """Keeps as many processes at work as are wanted; one that ended is replaced."""
        for client in [client for client in self.clients if client.poll() is not None]:
            self.clients.remove(client)
            self._note(client)
        while len(self.clients) < self.options.processes:
            self.started += 1
            source = random.Random("client %d of %d" % (self.started, seed))
            words = ["run", *self.pipelines, "--join", "--workers", "2", "--batch-rows", source.choice(["20", "50", "200"])]
            # Where there is nothing to catch up with, or somebody else is at it, they say so and end.
            if self.catches_up and self.options.writer and source.random() < 0.3:
                words = ["catch-up", source.choice(self.pipelines)]
            elif source.random() < 0.1:
                words = ["verify", source.choice(self.pipelines)]
            self.clients.append(self._start(*words))

    def _note(self, client):
        """Counts how a process ended, and shows what it said where that is none of the ends that faults explain."""
        self.ends[client.returncode] += 1
        self.has_failed |= client.returncode in CRASHES
        if client.returncode not in EXPLAINED:
            with open(client.said, encoding="utf-8", errors="replace") as lines:
                print("ended with %d: etl %s\n    %s" % (client.returncode, " ".join(client.args[1:]), "    ".join(
                    lines.readlines()[-4:])), flush=True)

    def some_client(self, number):
        return self.clients[int(number * len(self.clients))] if self.clients else None

    def _let_finish(self):
        for client in self.clients:
            client.send_signal(signal.SIGCONT)
        for client in self.clients:
            try:
                client.wait(timeout=600)
                self._note(client)
            except subprocess.TimeoutExpired:
                client.kill()
                self.ends["never"] += 1
                self.has_failed = True
        self.clients = []

    def _finish(self, writer):
        """What an operator does when it is quiet again: bring over what changed, run to the end, verify."""
        steps = [["run", *self.pipelines]]
        if writer and self.catches_up:
            steps += [["catch-up", pipeline] for pipeline in self.pipelines]
        steps += [["verify", pipeline] for pipeline in self.pipelines]
        for step in steps:
            client = self._start(*step)
            code = client.wait(timeout=1200)
            if code not in (0, 3):
                print("etl %s ended with %d; its output is in %s" % (" ".join(step), code, self.logs), flush=True)
                self.ends["step %d" % code] += 1
                self.has_failed = True

    def _check(self, source, writer):
        # A source that was written to is judged as it is now.
        check = [sys.executable, JUDGE + "/check.py", "--dsn", self.url, "--complete", "--ended", "--secret", CANARY,
                 "--file", self.logs, "--file", self.server.log, "--source", source]
        return subprocess.run(check + (["--changed"] if writer else []), stdout=subprocess.PIPE, check=False).stdout.decode()

    def _drop_and_undo(self, seed, writer):
        """Drops what may be dropped and undoes it all, each beside faults; gives what the judge said of either."""
        source, first = "judge_final" if writer else "judge_source", self.pipelines[0]
        if writer:
            self.ask("create table judge_final as select id, content, images from chapters")
        stages = LOSSES[first]
        rejects = self.ask("select count(*) from etl.rejects where state = 'open' and stage in " + stages).strip()
        keys = self.ask("select distinct name from etl.unmapped where stage in %s order by 1" % stages).splitlines()
        words = ["run", *self.pipelines, *(word for drop in DROPS[first] for word in ("--with", drop)), "--confirm", self.name,
                 "--accept-rejects", rejects if first == "memoir" else "%s=%s" % (first, rejects)]
        self._persist(seed, *words, *(["--accept-unmapped", ",".join(keys)] if keys else []))
        said = self._check(source, writer)
        for pipeline in reversed(self.pipelines):
            self._persist(seed, "undo", pipeline, "--confirm", self.name)
        differing = self.ask(DIFFERING.format(source=source)).strip()
        if differing != "0":
            said += "undone, and not as it was before: '%s' rows or tables\n" % differing
        return said

    def _persist(self, seed, *words):
        """A command beside faults, given again until it has come to its end."""
        began, faults = time.monotonic(), plan("%s %d" % (" ".join(words[:2]), seed), 15)
        for _ in range(50):
            client = self._start(*words)
            self.clients = [client]
            while client.poll() is None:
                if faults and faults[0][0] <= time.monotonic() - began:
                    _, name, part = faults.pop(0)
                    self.met[name] += 1
                    FAULTS[name][1](self, part)
                time.sleep(0.02)
            self.clients = []
            self._note(client)
            if client.returncode in (0, 3):
                return
        print("etl %s never came to its end; its output is in %s" % (" ".join(words), self.logs), flush=True)
        self.has_failed = True

    def _judge_midway(self):
        check = [sys.executable, JUDGE + "/check.py", "--dsn", self.url, "--source", "judge_source"]
        said = subprocess.run(check, stdout=subprocess.PIPE, check=False).stdout.decode()
        self.midway += 1
        # A server that was killed just now gives no answer.
        if "differences, the first" in said:
            print("while runs were at it:\n" + said, flush=True)
            self.ends["wrong midway"] += 1
            self.has_failed = True

    def ask(self, query):
        return subprocess.run(["psql", "-XAtqd", self.url, "-c", query], capture_output=True, check=False).stdout.decode()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--etl", required=True, help="the program")
    arguments.add_argument("--minutes", type=float, default=3, help="of faults, in rounds of at most one")
    arguments.add_argument("--seed", type=int, default=int(time.time()) % 1000000)
    arguments.add_argument("--rows", type=int, default=3000, help="chapters in a round")
    arguments.add_argument("--rate", type=int, default=200, help="writes a second")
    arguments.add_argument("--processes", type=int, default=3)
    arguments.add_argument("--no-writer", dest="writer", action="store_false", help="nobody writes to the chapters")
    options = arguments.parse_args()
    options.etl = os.path.abspath(options.etl)
    print("torture: seed %d" % options.seed, flush=True)
    torture = Torture(options)
    passed, left, number = True, options.minutes * 60, 0
    try:
        while left > 0 and passed:
            number += 1
            passed = torture.round(number, min(60, left)) and not torture.has_failed
            left -= 60
    finally:
        for client in torture.clients:
            client.kill()
        torture.server.close()
    if passed:
        shutil.rmtree(torture.logs)
    print("torture: seed %d, %d rounds; %d looks while runs were at it; faults: %s; ends: %s" % (
        options.seed, number, torture.midway, dict(torture.met),
        {str(code): count for code, count in torture.ends.items()}))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
