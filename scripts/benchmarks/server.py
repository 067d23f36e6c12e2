"""A private PostgreSQL for measurements: durable, with the settings of a small server, nothing that runs by the clock."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile

# What a server of a few gigabytes has. Checkpoints and autovacuum come by the clock, and would hit one measurement and spare
# the next: the first are kept rare, and asked for before each measurement; the second is off, templates are vacuumed.
SETTINGS = {
    "listen_addresses": "''", "shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "'30min'",
    "autovacuum": "off",
}


class SqlError(Exception):
    """What psql said."""


class Server:
    """Its directory goes when it is closed."""

    def __init__(self, parent, more={}):
        self.binaries = _binaries()
        # Debian's psql is a program that looks for the real one, which takes longer than some of what is measured.
        beside = os.path.join(self.binaries, "psql")
        self.client = beside if os.path.exists(beside) else "psql"
        self.folder = tempfile.mkdtemp(prefix="etl-bench-", dir=parent)
        self.data = os.path.join(self.folder, "data")
        # PostgreSQL refuses root.
        self.account = _account() if os.geteuid() == 0 else None
        if self.account:
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
        try:
            self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
            with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as settings:
                settings.writelines("%s = %s\n" % pair for pair in {**SETTINGS, **more}.items())
                settings.write("unix_socket_directories = '%s'\n" % self.folder)
            self._run("pg_ctl", "-D", self.data, "-l", os.path.join(self.folder, "log"), "-w", "-t", "120", "start")
            with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as lines:
                self.pid = int(lines.readline())
        except BaseException:
            self.close()
            raise

    def close(self):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            try:
                self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
            except subprocess.CalledProcessError as error:
                print("the server of the benchmark did not stop: %s" % error)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database):
        return "postgresql://postgres@/%s?host=%s&port=5432" % (database, self.folder)

    def psql(self, database, *arguments):
        """The command line of a psql that ends at the first error."""
        return [self.client, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), *arguments]

    def query(self, database, sql):
        """What one statement gives, columns parted by | and rows by line ends."""
        done = subprocess.run(self.psql(database, "-At", "-c", sql), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SqlError(done.stderr.strip())
        return done.stdout.rstrip("\n")

    def script(self, database, path, **variables):
        """Runs a file for psql to its end."""
        settings = [word for pair in variables.items() for word in ("-v", "%s=%s" % pair)]
        done = subprocess.run(self.psql(database, *settings, "-f", path), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SqlError("%s: %s" % (os.path.basename(path), done.stderr.strip()))

    def copy(self, template, database):
        """A database as the template is, and a server that has nothing left to write."""
        self.drop(database)
        self.query("postgres", "create database %s template %s strategy file_copy" % (database, template)
                   if self.major >= 15 else "create database %s template %s" % (database, template))
        self.query("postgres", "checkpoint")

    def drop(self, database):
        self.query("postgres", "drop database if exists %s with (force)" % database)

    @property
    def major(self):
        with open(os.path.join(self.data, "PG_VERSION"), encoding="utf-8") as version:
            return int(version.read())

    def _run(self, program, *arguments):
        change = {}
        if self.account:
            change = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        subprocess.run([os.path.join(self.binaries, program), *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL,
                       env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, **change)


def _binaries():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4].split(".")[0]))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        raise SystemExit("PostgreSQL is missing; scripts/setup installs it")
    return os.path.dirname(initdb)


def _account():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("PostgreSQL refuses root, and there is neither an account postgres nor nobody")
