"""Whether the columns that a pipeline may drop are there as they were, or dropped in order and kept."""

import json

import psql

# Each stage that drops, its table, the columns, and what shows which rows they must still hold.
DROPS = (("drop-old-columns", "chapters", ("content", "images")), ("drop-section-image", "chapter_sections", ("image",)))


def judge_old_columns(database, findings):
    """Dropped exactly where the ledger says so; else as they were, as far as a copy tells; and kept in the archive."""
    records = _records(database)
    for stage, table, columns in DROPS:
        there = psql.column_types(database.dsn, database.options.schema, table)
        if not there:
            continue
        left = [name for name in columns if name in there]
        state, relation, described = records.get(stage, ("pending", None, None))
        if state == "done" and described is not None:
            if left:
                findings.add(table, "%s is recorded as done, and %s is there" % (stage, left))
            if relation is not None:
                _judge_archive(database, stage, table, relation, described, findings)
        elif state != "done" and len(left) < len(columns):
            findings.add(table, "of %s only %s is there, and %s is not recorded as done" % (columns, left, stage))
        if left and table == "chapters":
            _judge_unchanged(database, left, findings)


def _records(database):
    """State, archive and columns of the stages that drop."""
    if not database.has_ledger:
        return {}
    return {stage: rest for stage, *rest in psql.rows(
        database.dsn,
        "select s.name, s.state, a.relation, a.columns::text from {0}.stages s left join {0}.archives a"
        " on a.run_id = s.run_id and a.stage = s.name where s.kind = 'retire'".format(database.ledger))}


def _judge_unchanged(database, columns, findings):
    if database.options.source == "chapters":
        return
    for key in _differing(database, columns, database.schema + ".chapters"):
        findings.add(key, "a column that is read has changed: one of %s" % columns)


def _judge_archive(database, stage, table, relation, described, findings):
    """The archive holds what the columns held: of chapters by the copy; of both, a row for each row."""
    names = [column["name"] for column in json.loads(described)]
    archive = "%s.%s" % (database.ledger, psql.identifier(relation))
    if not psql.column_types(database.dsn, database.options.ledger, relation):
        findings.add(stage, "its archive %s is not there" % relation)
    elif table == "chapters" and database.options.source != "chapters":
        for key in _differing(database, names, archive):
            findings.add(key, "the archive %s does not hold what it had" % relation)
    else:
        query = "select rows, (select count(*) from %s) from %s.archives where stage = %s" % (
            archive, database.ledger, psql.literal(stage))
        for said, held in psql.rows(database.dsn, query):
            if said != held:
                findings.add(stage, "its archive holds %s rows of %s" % (held, said))


def _differing(database, columns, table):
    """The keys whose columns in a table differ from those in the copy, as they are printed."""
    sides = ["row(%s)::text" % ", ".join("%s.%s" % (side, psql.identifier(name)) for name in columns) for side in "ab"]
    query = "select id from %s a full join %s b using (id) where %s is distinct from %s or a.id is null or b.id is null"
    return [key for key, in psql.rows(database.dsn, query % (database.source, table, *sides))]
