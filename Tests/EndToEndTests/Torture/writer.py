"""The application: it goes on writing to the chapters while they are moved."""

import random
import subprocess
import threading
import time

# Documents that the application may write; each of another shape.
CONTENTS = ('[{"title": "New", "text": "written meanwhile %d"}]', '["one %d", {"text": "two", "image": {"url": "n%d.jpg"}}]',
            '{"sections": [{"text": "in an object %d"}], "version": 2}', "[]")
STATEMENTS = (
    (5, "update chapters set content = {content} where id = {key}"),
    (2, "update chapters set title = 'renamed {number}' where id = {key}"),
    (2, "insert into chapters (id, title, content) values (gen_random_uuid(), 'new', {content})"),
    (1, "delete from chapters where id = {key}"),
)


class Writer(threading.Thread):
    """Some statements a second until it is stopped; one that fails was the weather, and is counted."""

    def __init__(self, url, seed, rate):
        super().__init__(daemon=True)
        self.url, self.random, self.rate = url, random.Random(seed), rate
        self.stopping = threading.Event()
        self.written = self.failed = 0
        self.slowest = 0.0
        self.keys = []

    def run(self):
        while not self.stopping.is_set():
            began = time.monotonic()
            # A script a tick: each statement commits by itself.
            count = max(1, self.rate // 5)
            self._send("".join(self._statement() for _ in range(count)), count)
            self.stopping.wait(max(0.0, 0.2 - (time.monotonic() - began)))

    def stop(self):
        self.stopping.set()
        self.join()

    def _statement(self):
        source = self.random
        if len(self.keys) < 50:
            self.keys = self._ask("select id from chapters order by hashtext(id::text || %d::text) limit 2000"
                                  % source.getrandbits(30)).split()
        template = source.choices([text for _, text in STATEMENTS], [weight for weight, _ in STATEMENTS])[0]
        number = source.getrandbits(30)
        content = source.choice(CONTENTS)
        key = self.keys.pop(source.randrange(len(self.keys))) if self.keys else ""
        return template.format(key="'%s'" % key, number=number,
                               content="'%s'" % content.replace("%d", str(number))) + ";\n"

    def _send(self, script, count):
        began = time.monotonic()
        # What was written before somebody ended the session stays written.
        done = subprocess.run(["psql", "-Xqd", self.url, "-f", "-"], input=script.encode(), capture_output=True,
                              check=False)
        failures = done.stderr.count(b"ERROR") + done.stderr.count(b"FATAL") + done.stderr.count(b"lost")
        self.failed += min(count, failures) if done.returncode == 0 else count
        self.written += count - min(count, failures) if done.returncode == 0 else 0
        self.slowest = max(self.slowest, time.monotonic() - began)

    def _ask(self, query):
        done = subprocess.run(["psql", "-XAtqd", self.url, "-c", query], capture_output=True, check=False)
        return done.stdout.decode()
