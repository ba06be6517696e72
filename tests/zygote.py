"""Runs the program's commands in processes of their own without loading all of its modules each time.

`python -m tests.zygote` loads them once and then, for each request on its standard input, forks a process that does
what `python PROGRAM OPTIONS` would do, with the folder, the environment and the files that the request names. It says
`begun NUMBER PID` of each and `ended NUMBER CODE`, as they end; any number of them may run at the same time.
"""

import inspect
import json
import os
import posix
import select
import sys
import tempfile
from contextlib import suppress
from typing import Any, NoReturn

import typer

import loop
import utils.cli
from utils.command import run_command

APPS = {"utils/cli.py": utils.cli.app, "loop.py": loop.app}
REQUESTS = 0
"""The standard input; read without a buffer, so that what has come is seen by `select`."""


def serve() -> None:
    """Until the standard input ends."""
    inspect.stack()  # coverage asks for it in each forked process, and knowing all modules' files takes long once
    running: dict[int, tuple[int, int]] = {}  # by descriptor of the process: its number and its id
    asked = 0
    while True:
        ready, _, _ = select.select([REQUESTS, *running], [], [])
        for ended in set(ready) - {REQUESTS}:
            _tell_the_end(ended, *running.pop(ended))
        if REQUESTS not in ready:
            continue
        if not (line := _line()):
            return
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request, others=[*running])
            _end(APPS[request["program"]])
        asked += 1
        running[os.pidfd_open(child)] = (asked, child)
        _say(f"begun {asked} {child}")


def _line() -> bytes:
    """The next request; nothing once there is none. One comes only when the one before it was answered."""
    line = b""
    while not line.endswith(b"\n"):
        if not (more := os.read(REQUESTS, 1 << 20)):
            return b""
        line += more
    return line


def _tell_the_end(descriptor: int, number: int, pid: int) -> None:
    os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    _say(f"ended {number} {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _become(request: dict[str, Any], *, others: list[int]) -> None:
    """What a fresh process would find."""
    for number, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        opened = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(opened, number)
        os.close(opened)
    for descriptor in others:
        os.close(descriptor)
    os.setpgid(0, 0)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = [request["program"], *request["options"]]
    tempfile.tempdir = None  # so that TMPDIR is looked up


def _end(app: typer.Typer) -> NoReturn:
    code: Any = 1
    try:
        code = run_command(app)
    except SystemExit as end:
        code = end.code
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        if measured := sys.modules.get("coverage"):
            measured.Coverage.current().save()
        # not os._exit: coverage makes that save what the process measured before it was forked, too, each time
        posix._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    serve()
