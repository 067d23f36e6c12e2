"""An interpreter with psycopg and SQLAlchemy, in a folder of its own."""

import os
import subprocess
import sys

from contenders import PROJECT

PACKAGES = ["psycopg[binary]>=3.2,<4", "SQLAlchemy>=2.0,<3"]
MODULES = "import psycopg, sqlalchemy; print('psycopg %s, SQLAlchemy %s' % (psycopg.__version__, sqlalchemy.__version__))"


def interpreter():
    """Its path, and the versions that it has; or None, and why not."""
    folder = os.path.join(PROJECT, ".build", "benchmarks")
    python = os.path.join(folder, "bin", "python")
    versions = _versions(python)
    if versions:
        return python, versions
    for command in ([sys.executable, "-m", "venv", "--clear", folder],
                    [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, str(error)
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()
            return None, last[-1] if last else "%s ended with %d" % (command[0], done.returncode)
    versions = _versions(python)
    return (python, versions) if versions else (None, "what pip installed cannot be imported")


def _versions(python):
    try:
        done = subprocess.run([python, "-c", MODULES], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
