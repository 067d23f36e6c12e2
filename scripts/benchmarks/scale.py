"""What must not grow with the table, or with the number of workers: planning, the start of a run that goes on, a claim."""

import json
import os
import signal
import subprocess
import time

from contenders import Commands
from measure import measure
from server import SqlError

# Small documents: what is measured here is everything but these.
CHAPTERS = """
    create table chapters (id text primary key, title text not null default '', content jsonb, images jsonb);
    insert into chapters (id, content)
    select md5(i::text)::uuid::text, '[{"title": "one", "text": "A short one."}]' from generate_series(1, %d) i"""
CHUNKS = "etl.chunks where stage = 'sections'"
# What finds a chunk and counts the attempt; the end of a transaction.
CLAIMING = "query like 'select n, attempt,%' or query like 'update chunks%set attempt%' or query = 'commit'"


def scale(options, etl, server, say):
    """Prints one line for each; gives the figures by name."""
    figures = {}
    server.query("postgres", "create extension pg_stat_statements")
    say("making %d small chapters" % options.rows)
    make(server, "many", options.rows)
    # A thousand chunks, whatever the rows.
    run = Commands(server, etl, None, "many", None).etl(
        "chapter-sections", "--until", "sections", "--batch-rows", str(max(1, options.rows // 1000)))
    say("planning, and going on after a stop")
    figures["planning"] = planning(server, run)
    figures["going_on"] = going_on(server, run)
    figures["again"] = again(server, run)
    make(server, "few", max(2000, options.rows // 25))
    for workers in (2, 64):
        say("%d workers, chunks of 20 rows" % workers)
        figures["claim_%d" % workers], figures["chunk_%d" % workers] = claim(server, etl, workers)
    print("%d keys (random UUIDs as text) planned in %.2f s; the first chunk claimed %.2f s after a run went on; "
          "%.2f s for a run with nothing to do" % (
              options.rows, figures["planning"], figures["going_on"], figures["again"]))
    print("claim and commit, processor time of each chunk: %.2f ms with 2 workers, %.2f ms with 64; "
          "all of a chunk of 20 rows: %.1f and %.1f ms" % (
              figures["claim_2"], figures["claim_64"], figures["chunk_2"], figures["chunk_64"]))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
    return 0


def make(server, database, rows):
    server.query("postgres", "create database " + database)
    for statement in (CHAPTERS % rows).split(";"):
        server.query(database, statement)
    server.query(database, "vacuum analyze")


def planning(server, run):
    """From the end of the stage before to the first claim, counting included; stopped when half is done."""
    with subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait(server, process, "select count(*) filter (where state = 'done') * 2 > count(*) and count(*) > 0 from " + CHUNKS)
        process.send_signal(signal.SIGINT)
    return float(server.query("many", """
        select extract(epoch from (select min(claimed_at) from %s) - finished_at)
          from etl.stages where name = 'tables'""" % CHUNKS))


def going_on(server, run):
    """From the program's start to its first claim, by the server's clock; then to the end."""
    began = server.query("many", "select clock_timestamp()")
    with subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        process.wait()
    return float(server.query(
        "many", "select extract(epoch from min(claimed_at) - '%s') from %s and claimed_at > '%s'" % (began, CHUNKS, began)))


def again(server, run):
    """A run that finds everything done."""
    began = time.monotonic()
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def claim(server, etl, workers):
    """Milliseconds of processor time for each chunk: of claim and commit, and of all. Statements are timed by the clock,
    which many workers on few cores stretch alike; so their share of it is taken of the processor time."""
    server.copy("few", "measured")
    server.query("postgres", "select pg_stat_statements_reset()")
    run = Commands(server, etl, None, "measured", None)
    command = run.etl("chapter-sections", "--until", "sections", "--batch-rows", "20", workers=workers)
    sample = measure(server, [command], dict(os.environ), server.folder)
    of_measured = "from pg_stat_statements s join pg_database d on d.oid = dbid where datname = 'measured'"
    share = float(server.query("postgres", "select sum(total_exec_time) filter (where %s) / sum(total_exec_time) %s" % (
        CLAIMING, of_measured)))
    chunks = int(server.query("measured", "select count(*) from " + CHUNKS))
    return share * sample.server_cpu * 1000 / chunks, sample.cpu * 1000 / chunks


def wait(server, process, condition):
    while process.poll() is None:
        try:
            if server.query("many", condition) == "t":
                return
        except SqlError:
            pass  # the ledger is not there yet
        time.sleep(0.02)
