"""Runs the program's commands in processes of their own without loading all of its modules each time.

`python -m tests.zygote` loads them once and then, for each request on its standard input, forks a process that does
what `python PROGRAM OPTIONS` would do, with the folder, the environment and the files that the request names.
"""

import inspect
import json
import os
import posix
import sys
from contextlib import suppress
from typing import Any, NoReturn

import typer

import loop
import utils.cli
from utils.command import run_command


def serve() -> None:
    """Until the standard input ends."""
    inspect.stack()  # coverage asks for it in each forked process, and knowing all modules' files takes long once
    apps = {"utils/cli.py": utils.cli.app, "loop.py": loop.app}
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
            _end(apps[request["program"]])
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(request: dict[str, Any]) -> None:
    """What a fresh process would find."""
    for number, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        opened = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(opened, number)
        os.close(opened)
    os.setpgid(0, 0)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = [request["program"], *request["options"]]


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
