"""The plain run: a solution and its checks in one process, as Python runs them. Part of the judge's program.

Standard library only, Python 3.9 and later. It sees what Python sees: the very objects, what became of arguments, what
shares what. It begins when the separated judge has had its last word, in whose process it runs, for the solution could
read the checks here and make them hold: it can be fooled, towards passing only.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import types
from typing import Any

from executor.grading.checks_code import CHECK_FILE, FILE, MODULE, parsed

OWN_FRAMES = 12
KIND_CHARS = 100


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Whether the solution passes all checks, and if not the first that it fails with what was raised there."""
    bind(request)
    sys.setrecursionlimit(sys.getrecursionlimit() + OWN_FRAMES)
    where = ""
    try:
        solution = load(request["source"])
        base: dict[str, Any] = {"__name__": "checks", "raises": raises}
        exec(compile(request["setup"], "<setup>", "exec", dont_inherit=True), base)  # noqa: S102  the task's own code
        base.update((name, getattr(solution, name)) for name in request["interface"])
        for check in request["checks"]:
            where = check["name"]
            tree = parsed(check["code"], request["interface"][0])
            exec(compile(tree, CHECK_FILE, "exec", dont_inherit=True), dict(base))  # noqa: S102  the task's own code
    except BaseException as error:  # noqa: BLE001  whatever it is, it is no pass
        return {"op": "plain", "passed": False, "where": where, "raised": type(error).__name__[:KIND_CHARS]}
    return {"op": "plain", "passed": True, "where": "", "raised": ""}


def bind(request: dict[str, Any]) -> None:
    """No more time than the solution had in a process of its own."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + request["cpu_s"]) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard < 0 else min(seconds, hard), hard))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, request["wall_s"])


def load(source: str) -> types.ModuleType:
    """The solution as a module."""
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    module.__dict__["__file__"] = os.path.abspath(FILE)  # noqa: PTH100
    exec(compile(source, FILE, "exec", dont_inherit=True), module.__dict__)  # noqa: S102  it is what a sandbox is for
    return module


def raises(kind: Any, function: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether the call raises an exception of this class; what else it raises passes through."""
    try:
        function(*args, **kwargs)
    except kind:
        return True
    return False


def main(channel: Any) -> None:
    """Run what the host's one frame asks for."""
    frame = channel.receive()
    if frame is not None:
        channel.send(json.dumps(run(json.loads(frame))).encode())
