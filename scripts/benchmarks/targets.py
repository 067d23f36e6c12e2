"""What etl must reach, and what a quick look finds out of line."""

from dataclasses import dataclass


@dataclass
class Target:
    """A ratio, and the bound on it, where there is one; `quick` is the bound where only a wreck is looked for."""

    what: str
    value: float | None
    bound: float | None
    at_least: bool
    quick: float | None = None

    @property
    def sign(self):
        return "≥" if self.at_least else "≤"

    def holds(self, bound):
        return self.value is None or (self.value >= bound if self.at_least else self.value <= bound)


def targets(results):
    """In the order of docs/performance.md. A quick look compares processor time alone: other load on the machine stretches
    the clock, and few rows leave mostly what every run costs once."""
    ratio = results.ratio

    def share(name):
        return results.figure(name, "client_cpu") / results.figure(name, "cpu") if results.has(name) else None

    def megabytes(name):
        return results.figure(name, "client_peak") / 1e6 if results.has(name) else None

    def json_speed(name):
        return results.facts["json_bytes"] / 1e6 / results.figure(name, "client_cpu") if results.has(name) else None

    found = [
        Target("sections: SQL ÷ etl, time", ratio("sql", "etl-2"), 2.1, True),
        Target("sections: tuned SQL ÷ etl, time", ratio("sql-tuned", "etl-2"), 1.15, True),
        Target("sections: SQLAlchemy ÷ etl, time", ratio("sqlalchemy", "etl-2"), 12, True),
        Target("sections: psycopg ÷ etl, time", ratio("psycopg", "etl-2"), 3.3, True),
        Target("sections: etl ÷ floor, processor time", ratio("etl-2", "floor", "cpu"), 1.25, False, quick=6),
        Target("verify ÷ sections, time", ratio("verify", "etl-2"), 0.6, False),
        Target("pictures: SQL ÷ etl, time", ratio("images-sql", "images-etl"), 1.5, True),
        Target("image_id: SQL ÷ etl, time", ratio("image-id-sql", "image-id-etl"), 1.5, True),
        Target("all three: SQL in a row ÷ etl in one pass, time", ratio("memoir-sql", "memoir-one"), 1.8, True),
        Target("all three: SQL in one pass ÷ etl in one pass, time", ratio("memoir-tuned", "memoir-one"), 1.8, True),
        Target("all three: etl in a row ÷ etl in one pass, time", ratio("memoir-etl", "memoir-one"), 1, True),
        Target("peak memory of etl, 2 workers, MB", megabytes("etl-2"), 64, False, quick=256),
        Target("sections: 1 worker ÷ 2 workers, time", ratio("etl-1", "etl-2"), 1.7, True),
        Target("sections: etl ÷ SQL, processor time", ratio("etl-2", "sql", "cpu"), None, False, quick=5),
        Target("sections: etl ÷ SQL, WAL", ratio("etl-2", "sql", "wal"), None, False, quick=2),
        Target("verify ÷ sections, processor time", ratio("verify", "etl-2", "cpu"), None, False, quick=3),
        Target("pictures: etl ÷ SQL, processor time", ratio("images-etl", "images-sql", "cpu"), None, False, quick=8),
        Target("image_id: etl ÷ SQL, processor time", ratio("image-id-etl", "image-id-sql", "cpu"), None, False, quick=8),
    ]
    if results.facts["documents"] == "prose":
        found.insert(5, Target("sections: client's share of processor time", share("etl-2"), 0.12, False, quick=0.6))
    else:
        found.insert(5, Target("JSON per second of the client's processor time, MB", json_speed("etl-2"), 300, True))
    for target in found:
        target.quick = target.quick and target.quick * results.facts["slack"]
    return [target for target in found if target.value is not None]
