"""What the ledger says is done of each stage, chunk by chunk: a run can be judged while it is at work."""

import psql

# The tables whose keys the stages work through.
TABLES = {"sections": "chapters", "covers": "chapters", "images": "chapter_sections", "backfill": "chapter_sections"}


class Progress:
    """The chunks of a database's stages."""

    def __init__(self, database):
        self.database = database
        self.keys = {}
        self.misplaced = {}

    def done(self, stage):
        """The keys in chunks that are done."""
        if stage not in self.keys:
            self.keys[stage] = self._read(stage)
        return self.keys[stage]

    def all_misplaced(self):
        """By stage, of those that were planned, the keys that lie in no chunk, or in more than one."""
        for stage in TABLES:
            self.done(stage)
        return self.misplaced

    def _read(self, stage):
        database = self.database
        run = database.run_of(stage)
        table = TABLES[stage]
        columns = psql.column_types(database.dsn, database.options.schema, table)
        if run is None or "id" not in columns:
            return set()
        chunks = "%s.chunks where run_id = %s and stage = %s" % (database.ledger, run, psql.literal(stage))
        if psql.value(database.dsn, "select count(*) from " + chunks) == "0":
            return set()
        kind = columns["id"]
        # Ranges are compared in the order of the table's own key.
        query = (
            "select s.id, count(c.n), coalesce(bool_and(c.state = 'done'), false) from {0}.{1} s left join"
            " (select * from {2}) c on (c.lower is null or s.id > (c.lower)[1]::{3})"
            " and (c.upper is null or s.id <= (c.upper)[1]::{3}) group by s.id"
        ).format(database.schema, table, chunks, kind)
        found = psql.rows(database.dsn, query)
        self.misplaced[stage] = [key for key, count, _ in found if count != "1"]
        return {key for key, _, done in found if done == "t"}
