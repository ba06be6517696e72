"""What Python itself says of a solution: solution, setup, checks and fresh inputs, all in this one process.

Reads a job as JSON from its standard input, and writes why the solution is wrong, or nothing, as JSON to its standard
output. For code that is trusted: whoever lies about the verdict here is believed.
"""

import copy
import itertools
import json
import os
import random
import resource
import sys
import types
from collections.abc import Callable
from typing import Any

BUILTIN = (bool, int, float, str, bytes, list, tuple, set, frozenset, dict)


class WrongError(Exception):
    """A fresh input is answered otherwise than by the reference."""


def raises(kind: type[BaseException], function: Callable[..., Any], *args: Any, **named: Any) -> bool:
    """Whether the call raises an exception of this class; what else it raises passes through."""
    try:
        function(*args, **named)
    except kind:
        return True
    return False


def module(name: str, source: str) -> dict[str, Any]:
    """The names that the source defines, as those of a module that can be found under its name."""
    made = types.ModuleType(name)
    sys.modules[name] = made
    made.__file__ = f"{name}.py"
    exec(compile(source, f"{name}.py", "exec", dont_inherit=True), made.__dict__)
    return made.__dict__


def base_of(value: Any) -> type[Any]:
    """The builtin class that the value is of, by itself or by way of a subclass; else its own."""
    return next((kind for kind in BUILTIN if isinstance(value, kind)), type(value))


def same(mine: Any, theirs: Any) -> bool:
    """Whether two plain values are equal and of the same types all the way down; dicts and sets have no order."""
    if base_of(mine) is not base_of(theirs):
        return False
    if isinstance(mine, list | tuple):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(mine, dict):
        return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)
    return bool(mine == theirs) or (mine != mine and theirs != theirs)  # noqa: PLR0124  NaN is NaN


def outcome(function: Callable[..., Any], args: tuple[Any, ...], *, mutates: bool) -> tuple[Any, ...]:
    """What the call gives and, if that counts, leaves of its arguments; or the builtin classes that it raises."""
    given = copy.deepcopy(args)
    try:
        value = function(*given)
    except Exception as error:  # noqa: BLE001  whatever it raises is its answer
        return "raises", next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return "gives", value, given if mutates else None


def try_fresh_inputs(job: dict[str, Any], function: Callable[..., Any]) -> None:
    """Compare with the reference on inputs that the task's generator draws.

    Raises:
        WrongError: one is answered otherwise.
    """
    inputs = module("generator", job["generator"])["inputs"](random.Random(job["seed"]))
    reference = module("reference", job["reference"])[job["interface"][0]]
    for args in itertools.islice(inputs, job["count"]):
        right, found = (outcome(each, tuple(args), mutates=job["mutates"]) for each in (reference, function))
        if not same(found, right):
            raise WrongError(f"{args!r:.200}: {found!r:.200} and not {right!r:.200}")


def try_all(job: dict[str, Any]) -> None:
    """Everything that decides; returns only if all of it held."""
    solution = module("solution", job["solution"])
    base: dict[str, Any] = {"__name__": "checks", "raises": raises}
    exec(compile(job["setup"], "<setup>", "exec", dont_inherit=True), base)
    base |= {name: solution[name] for name in job["interface"] if name in solution}
    for check in job["checks"]:
        exec(compile(check, "<check>", "exec", dont_inherit=True), dict(base))
    if job["generator"]:
        try_fresh_inputs(job, base[job["interface"][0]])


def main() -> None:
    """Say why, once; what the solution prints goes elsewhere."""
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (job["cpu_s"], job["cpu_s"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    said = os.dup(1)
    os.dup2(2, 1)
    why = ""
    try:
        try_all(job)
    except BaseException as error:  # noqa: BLE001  whatever a wrong solution raises is a verdict
        why = f"{type(error).__name__}: {error}"
    os.write(said, json.dumps(why[:500]).encode())


if __name__ == "__main__":
    main()
