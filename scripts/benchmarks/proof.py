"""What a database holds after the work, in a few lines that are the same where the rows, indexes and constraints are."""

# The columns that count; the time at which a row was made is everybody's own.
SECTION = "id, chapter_id, order_index, title, content, image, attributes"
TABLES = {
    "sections": {"chapters": "id, cover_image", "chapter_sections": SECTION},
    "images": {"memoir_images": "id, chapter_id, section_id, url, caption, width, height, attributes"},
    "memoir": {
        "chapters": "id, cover_image", "chapter_sections": SECTION + ", image_id",
        "memoir_images": "id, chapter_id, section_id, url, caption, width, height, attributes",
    },
}


def state(server, database, end):
    """Of every table: rows, a hash of all in the order of their ids, columns, constraints, indexes."""
    lines = []
    for table, columns in TABLES[end].items():
        rows = server.query(database, """
            select count(*), md5(coalesce(string_agg(hashtextextended(row(%s)::text, 0)::text, ',' order by id), ''))
              from %s""" % (columns, table))
        lines.append("%s: rows %s" % (table, rows))
        definitions = server.query(database, """
            select format('column %%s %%s %%s', attname, format_type(atttypid, atttypmod), attnotnull) as definition
              from pg_attribute where attrelid = '%(table)s'::regclass and attnum > 0 and not attisdropped
             union all
            select format('constraint %%s %%s valid %%s', conname, pg_get_constraintdef(oid), convalidated)
              from pg_constraint where conrelid = '%(table)s'::regclass
             union all
            select pg_get_indexdef(indexrelid) || ' valid ' || indisvalid
              from pg_index where indrelid = '%(table)s'::regclass
             order by 1""" % {"table": table})
        lines += ["%s: %s" % (table, line) for line in definitions.splitlines()]
    return lines


class Proofs:
    """Compares every end with the first of its kind."""

    def __init__(self, server):
        self.server = server
        self.first = {}
        self.differences = []

    def check(self, contender, database):
        found = state(self.server, database, contender.end)
        name, expected = self.first.setdefault(contender.end, (contender.name, found))
        for line in sorted(set(found) ^ set(expected)):
            owner = contender.name if line in found else name
            self.differences.append("%s and %s do not end alike; %s has: %s" % (contender.name, name, owner, line))
