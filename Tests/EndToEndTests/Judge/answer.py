#!/usr/bin/env python3
"""Stays and answers: each line of input is a list in JSON, a program of this folder and its arguments; each line of output
is a list of its exit code and what it wrote to either stream. To start Python anew takes longer than most questions."""

import contextlib
import importlib
import io
import json
import sys

import psql


def stream():
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)


def answer(program, arguments):
    printed, errors = stream(), stream()
    sys.argv = [program] + arguments
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        try:
            status = importlib.import_module(program.removesuffix(".py")).main()
        except SystemExit as end:
            status = end.code
        except Exception as error:  # The next question is another's.
            print("judge: %r" % error, file=sys.stderr)
            status = 1
        psql.close_all()
    return [int(status or 0)] + [one.buffer.getvalue().decode("utf-8") for one in (printed, errors)]


def main():
    for line in sys.stdin:
        program, *arguments = json.loads(line)
        print(json.dumps(answer(program, arguments)), flush=True)


if __name__ == "__main__":
    main()
