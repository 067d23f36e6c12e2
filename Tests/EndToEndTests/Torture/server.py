"""A PostgreSQL of our own that can be killed and started again; it is durable, or a kill would prove nothing."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SETTINGS = {"listen_addresses": "''", "max_connections": "200", "shared_buffers": "64MB", "log_min_messages": "warning",
            "wal_writer_delay": "10ms", "max_wal_size": "512MB"}


def _binaries():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4].split(".")[0]))
    return found[-1] if found else os.path.dirname(shutil.which("initdb") or "initdb")


class Server:
    """Its directory goes with it, also where whoever made it is asked to stop."""

    def __init__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        self.binaries = _binaries()
        self.folder = tempfile.mkdtemp(prefix="etl-torture-", dir="/tmp")
        self.data = self.folder + "/data"
        # PostgreSQL refuses root.
        self.account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.account:
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        with open(self.data + "/postgresql.auto.conf", "a", encoding="utf-8") as settings:
            settings.writelines("%s = %s\n" % pair for pair in SETTINGS.items())
            settings.write("unix_socket_directories = '%s'\n" % self.folder)
        self.start()

    def url(self, database="postgres", password=None, folder=None):
        secret = ":" + password if password else ""
        return "postgresql://postgres%s@/%s?host=%s&port=5432" % (secret, database, folder or self.folder)

    @property
    def log(self):
        return self.folder + "/server.log"

    def _run(self, program, *arguments, **streams):
        change = {}
        if self.account:
            change = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        subprocess.run([self.binaries + "/" + program, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/",
                       **streams, **change)

    def start(self):
        """Starts it, however it ended; its processes may still be on their way out."""
        for attempt in range(120):
            try:
                self._run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "60", "start",
                          stderr=subprocess.DEVNULL)
                return
            except subprocess.CalledProcessError:
                if attempt == 119:
                    raise
                time.sleep(0.5)

    def kill(self):
        """As when the machine loses its power, but for the disk."""
        with open(self.data + "/postmaster.pid", encoding="utf-8") as lines:
            pid = int(lines.readline())
        os.kill(pid, signal.SIGKILL)

    def close(self):
        try:
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        except subprocess.CalledProcessError:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)
