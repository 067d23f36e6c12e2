"""The databases that measurements begin from. Each is made once, when it is asked for, and copied."""

import os
import subprocess

from contenders import HERE, Commands


class States:
    """source: chapters. loaded: sections and their constraints are there. sections: they were verified. images: the
    pictures are there and were verified. What follows source is made by etl, ledger included."""

    STEPS = {
        "loaded": ("source", ["chapter-sections", "--until", "constraints"]),
        "sections": ("loaded", ["chapter-sections"]),
        "images": ("sections", ["memoir-images"]),
    }

    def __init__(self, server, etl, rows, documents, seed, say):
        self.server, self.etl, self.say = server, etl, say
        self.made = set()
        self.ready = None
        self.floor = os.path.join(server.folder, "floor")
        self.generation = {"rows": rows, "documents": documents, "seed": seed}

    def begin(self, template, database):
        """Makes a database that is in a state."""
        self.make(template)
        self.server.copy(template, database)
        if template != "source":
            # A run refuses to go on in a copy; here that is what is meant.
            self.server.query(database, "update etl.runs set database_oid = "
                              "(select oid from pg_database where datname = current_database())")
        self.ready = self.server.query("postgres", "select clock_timestamp()")

    def stages(self, database):
        """The stages that were begun since a database was last made ready, and how many seconds each took."""
        rows = self.server.query(database, """
            select r.pipeline || '/' || s.name, extract(epoch from s.finished_at - s.started_at)
              from etl.stages s join etl.runs r on r.id = s.run_id
             where s.started_at > '%s' and s.finished_at is not null
             order by s.started_at""" % self.ready)
        return [(name, float(seconds)) for name, seconds in (row.split("|") for row in rows.splitlines())]

    def keep_floor(self):
        """Keeps the rows that the floor writes."""
        if not os.path.exists(self.floor):
            self.make("loaded")
            self.server.script("loaded", os.path.join(HERE, "sql", "floor_keep.sql"), file=self.floor)

    def make(self, template):
        """Makes a state that is not there yet."""
        if template in self.made:
            return
        if template == "source":
            self.say("making %(rows)d chapters (%(documents)s, seed %(seed)d)" % self.generation)
            self.server.query("postgres", "create database source")
            self.server.script("source", os.path.join(HERE, "sql", "chapters.sql"), **self.generation)
        else:
            previous, arguments = self.STEPS[template]
            self.begin(previous, template)
            self.say("making the state %s" % template)
            command = Commands(self.server, self.etl, None, template, None).etl(*arguments)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SystemExit("%s\nended with %d:\n%s" % (" ".join(command), done.returncode, done.stdout + done.stderr))
            # What follows a load at once finds the tables as the load leaves them.
            if template != "loaded":
                self.server.query(template, "vacuum analyze")
        self.made.add(template)
