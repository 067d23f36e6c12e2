"""What one command cost: time, processor time of both sides, memory, WAL."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass

TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Sample:
    """One measurement. Seconds, bytes; `others` is how many cores were busy with something else meanwhile."""

    wall: float
    client_cpu: float
    server_cpu: float
    client_peak: int
    wal: int
    others: float

    @property
    def cpu(self):
        return self.client_cpu + self.server_cpu

    def followed_by(self, next_one):
        """Two measurements of one work."""
        wall = self.wall + next_one.wall
        return Sample(
            wall, self.client_cpu + next_one.client_cpu, self.server_cpu + next_one.server_cpu,
            max(self.client_peak, next_one.client_peak), self.wal + next_one.wal,
            (self.others * self.wall + next_one.others * next_one.wall) / wall)


class CommandFailed(Exception):
    """A command that was measured, and what it printed last."""


def measure(server, commands, environment, folder):
    """Runs commands at the same time, to the end of the last. Their output is shown only where one fails."""
    lsn = server.query("postgres", "select pg_current_wal_lsn()")
    server_before, machine_before = _server_cpu(server.pid), _machine_cpu()
    began = time.monotonic()
    running = []
    try:
        for number, command in enumerate(commands):
            running.append(_Client(command, environment, folder, number))
        memory = _PeakMemory([client.process.pid for client in running])
        for client in running:
            client.wait()
    except BaseException:
        # Whoever stops this must not find programs that wait for a server which is gone.
        for client in running:
            client.process.kill()
        raise
    wall = time.monotonic() - began
    server_cpu, machine = _server_cpu(server.pid) - server_before, _machine_cpu() - machine_before
    peak = memory.peak()
    for client in running:
        client.require_success()
    client_cpu = sum(client.cpu for client in running)
    wal = int(server.query("postgres", "select pg_wal_lsn_diff(pg_current_wal_lsn(), '%s')::bigint" % lsn))
    return Sample(wall, client_cpu, server_cpu, peak, wal, max(0.0, (machine - client_cpu - server_cpu) / wall))


class _Client:
    """A program that runs, with its output in a file."""

    def __init__(self, command, environment, folder, number):
        self.name = command[0]
        self.log = os.path.join(folder, "output-%d" % number)
        self.cpu = 0.0
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def wait(self):
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime

    def require_success(self):
        if self.process.returncode != 0:
            with open(self.log, encoding="utf-8", errors="replace") as output:
                raise CommandFailed("%s ended with %d:\n%s" % (self.name, self.process.returncode, output.read()[-4000:]))


class _PeakMemory:
    """The sum of the peaks of processes, looked at 25 times a second: the kernel's own figure at the end (ru_maxrss) begins
    with the memory of the process that started them, this one."""

    def __init__(self, pids):
        self.peaks = dict.fromkeys(pids, 0)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def peak(self):
        self.ended.set()
        self.thread.join()
        return sum(self.peaks.values())

    def _watch(self):
        while not self.ended.wait(0.04):
            for pid in self.peaks:
                try:
                    with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as lines:
                        size = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
                except OSError:
                    continue
                self.peaks[pid] = max(size, self.peaks[pid])


def _stat(pid):
    """The fields of /proc/PID/stat behind the name: state, parent, …"""
    with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def _server_cpu(postmaster):
    """Of the postmaster and all of its processes, those that have ended included."""
    while True:
        before = _stat(postmaster)
        living = 0
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            try:
                fields = _stat(pid)
            except OSError:
                continue
            if int(fields[1]) == postmaster:
                living += int(fields[11]) + int(fields[12])
        # One that ended meanwhile would be counted twice, or not at all.
        if _stat(postmaster)[13:15] == before[13:15]:
            return (sum(int(field) for field in before[11:15]) + living) / TICK


def _machine_cpu():
    """Of everything that runs here."""
    with open("/proc/stat", encoding="ascii") as lines:
        user, nice, system, _idle, _wait, irq, soft, *_ = [int(field) for field in lines.readline().split()[1:]]
    return (user + nice + system + irq + soft) / TICK
