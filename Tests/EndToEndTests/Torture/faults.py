"""The faults of a torture, planned beforehand: the same seed gives the same ones at the same times."""

import os
import random
import signal
import subprocess
import threading

import proxy

OURS = "application_name like 'etl%' and pid <> pg_backend_pid() and datname = current_database()"


def plan(seed, seconds):
    """Times, names and numbers: what the number means is each fault's own matter."""
    source = random.Random("faults %s" % seed)
    names = [name for name, (weight, _) in FAULTS.items() for _ in range(weight)]
    made, now = [], source.uniform(1, 4)
    while now < seconds:
        made.append((now, source.choice(names), source.random()))
        now += source.uniform(1, 7)
    return made


def kill_client(torture, number):
    client = torture.some_client(number)
    if client:
        client.kill()


def freeze_client(torture, number):
    """Stopped for a while, longer than it is waited for now and then, and then let go on."""
    client = torture.some_client(number)
    if client:
        client.send_signal(signal.SIGSTOP)
        timer = threading.Timer(1 + number * 14, lambda: client.send_signal(signal.SIGCONT))
        timer.daemon = True
        timer.start()


def stop_client(torture, number):
    client = torture.some_client(number)
    if client:
        client.send_signal((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[int(number * 3)])


def terminate_backend(torture, number):
    _one_of_ours(torture, "pg_terminate_backend(pid)", number)


def cancel_backend(torture, number):
    _one_of_ours(torture, "pg_cancel_backend(pid)", number)


def kill_backend(torture, number):
    """With -9: the server throws everybody out and recovers."""
    found = torture.ask("select pid from pg_stat_activity where %s order by random() limit 1" % OURS)
    if found.strip():
        os.kill(int(found), signal.SIGKILL)


def kill_server(torture, number):
    torture.server.kill()
    torture.server.start()


def hold_lock(torture, number):
    """Somebody else's transaction on one of the tables, for some seconds."""
    table = ("chapters", "chapter_sections", "memoir_images")[int(number * 3)]
    mode = ("access share", "row exclusive", "share", "access exclusive")[int(number * 12) % 4]
    subprocess.Popen(
        ["psql", "-Xqd", torture.url, "-c", "begin", "-c", "lock table %s in %s mode" % (table, mode),
         "-c", "select pg_sleep(%.1f)" % (1 + number * 5), "-c", "commit"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def network(torture, number):
    """A session is cut or held up, or a commit or its answer is lost on the way."""
    proxy.misbehave(torture.proxy, number)


def _one_of_ours(torture, what, number):
    torture.ask("select %s from (select pid from pg_stat_activity where %s order by hashtext(pid::text || '%f') limit 1) one"
                % (what, OURS, number))


# Each with its weight.
FAULTS = {
    "kill -9 of a client": (5, kill_client),
    "client frozen": (2, freeze_client),
    "client stopped in order": (1, stop_client),
    "backend terminated": (4, terminate_backend),
    "backend cancelled": (3, cancel_backend),
    "kill -9 of a backend": (1, kill_backend),
    "kill -9 of the server": (1, kill_server),
    "lock held by another": (3, hold_lock),
    "fault of the network": (5, network),
}
