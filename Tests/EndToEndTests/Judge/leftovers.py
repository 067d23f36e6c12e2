"""What a run leaves behind that it should not: sessions, locks, transactions, objects; and a password."""

import os
import time

import psql

OURS = "datname = current_database() and application_name like 'etl%' and application_name <> 'judge'"

# What must be gone a while after the end of every process; each query gives sentences.
PASSING = (
    "select 'session ' || application_name || ' (' || pid || ') is ' || coalesce(state, 'there')"
    " from pg_stat_activity where " + OURS,
    "select 'lock ' || mode || ' on ' || coalesce(relation::regclass::text, locktype) || ' of ' || application_name"
    " from pg_locks join pg_stat_activity using (pid) where " + OURS,
    "select 'prepared transaction ' || gid from pg_prepared_xacts"
    " where database = current_database() and gid like 'etl%'",
    "select 'temporary relation ' || oid::regclass from pg_class"
    " where relpersistence = 't' and relname like 'etl%'",
)

# What no pipeline of the project makes, and must not be there at any moment.
NEVER = (
    "select 'trigger ' || tgname || ' on ' || tgrelid::regclass from pg_trigger where not tgisinternal"
    " and tgname like 'etl%'",
    "select 'rule ' || rulename from pg_rewrite where rulename like 'etl%'",
)

# After the end of a run that came to its end.
UNFINISHED = (
    "select 'index ' || indexrelid::regclass || ' is not valid' from pg_index where not indisvalid",
    "select 'constraint ' || conname || ' is not validated' from pg_constraint where not convalidated",
)


def judge_leftovers(dsn, seconds, is_finished, findings):
    """Waits at most some seconds for what passes; what is there then, and what should never be, is found."""
    deadline = time.monotonic() + seconds
    while left := _sentences(dsn, PASSING):
        if time.monotonic() >= deadline:
            break
        time.sleep(0.1)
        # Each look is a moment of its own.
        psql.close(dsn)
    for sentence in left + _sentences(dsn, NEVER + (UNFINISHED if is_finished else ())):
        findings.add("left behind", sentence)
    psql.close(dsn)


def _sentences(dsn, queries):
    return [row[0] for query in queries for row in psql.rows(dsn, query)]


def judge_secret(database, secret, paths, findings):
    """A secret that the program was given must be in no table of the ledger, no comment, and no file."""
    dsn = database.dsn
    tables = psql.rows(
        dsn,
        "select quote_ident(nspname) || '.' || quote_ident(relname) from pg_class c join pg_namespace n"
        " on n.oid = relnamespace where relkind in ('r', 'p') and nspname = %s" % psql.literal(database.options.ledger))
    for table, in tables:
        if psql.value(dsn, "select count(*) from %s t where strpos(t::text, %s) > 0" % (table, psql.literal(secret))) != "0":
            findings.add(table, "holds the password")
    if psql.value(dsn, "select count(*) from pg_description where strpos(description, %s) > 0" % psql.literal(secret)) != "0":
        findings.add("a comment", "holds the password")
    for path in paths:
        for file in _files(path):
            with open(file, "rb") as bytes_:
                if secret.encode() in bytes_.read():
                    findings.add(file, "holds the password")


def _files(path):
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names
            if os.path.isfile(os.path.join(folder, name))]
