"""A stand-in for the real grader: checks and answers in one process, for code that is ours.

Run as a program, it reads a JSON object with `setup`, `interface`, `mutates`, `checks` and `answers` and writes for
each answer None if all checks passed, else the reason. Each answer has half a second of processor time. Values cross
as they do in the real grader: copied, plain data only, objects of the answer's own classes as opaque handles.
"""

import builtins
import collections
import copy
import io
import json
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, NoReturn

CPU_S = 0.5
PLAIN: tuple[Any, ...] = (type(None), bool, int, float, str, bytes, complex, range)
CONTAINERS: tuple[Any, ...] = (list, tuple, set, frozenset, collections.deque)


class TooSlow(BaseException):
    """The answer used up its time."""


class Handle:
    """What the checks see of an object of the answer's: methods only."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **named: called(getattr(self._target, name), args, named)

    def _refused(self, *_: object) -> NoReturn:
        raise TypeError("a handle can only be called")

    __eq__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _refused
    __hash__ = None  # type: ignore[assignment]


def sent(value: Any) -> Any:
    if isinstance(value, Handle):
        return value._target
    if isinstance(value, CONTAINERS):
        return type(value)(map(sent, value))
    if isinstance(value, dict):
        return {sent(key): sent(inner) for key, inner in value.items()}
    return copy.deepcopy(value)


def received(value: Any) -> Any:
    for kind in PLAIN:
        if isinstance(value, kind):
            return value if type(value) is kind else kind(value)
    for base in CONTAINERS:
        if isinstance(value, base):
            return base(map(received, value))
    if isinstance(value, dict):
        return {received(key): received(inner) for key, inner in value.items()}
    return Handle(value)


MUTATES = False


def called(function: Callable[..., Any], args: Iterable[Any], named: dict[str, Any]) -> Any:
    given = [*args]
    copies = [sent(arg) for arg in given]
    try:
        result = received(function(*copies, **{name: sent(value) for name, value in named.items()}))
    except AssertionError as error:
        raise RuntimeError("the answer raised an AssertionError") from error
    for arg, changed in zip(given, copies, strict=True):
        if MUTATES and isinstance(arg, list):
            arg[:] = changed
        elif MUTATES and isinstance(arg, dict | set):
            arg.clear()
            arg.update(changed)
    return result


def raises(kind: type[BaseException], function: Callable[..., Any], *args: Any) -> bool:
    try:
        function(*args)
    except kind:
        return True
    return False


def proxy(candidate: dict[str, Any], name: str) -> Callable[..., Any]:
    return lambda *args, **named: called(candidate[name], args, named)


def verdict(job: dict[str, Any], answer: str) -> str | None:
    candidate: dict[str, Any] = {"__name__": "solution"}
    check = "the answer itself"
    try:
        exec(answer, candidate)
        for check in job["checks"]:
            space: dict[str, Any] = {"raises": raises}
            exec(job["setup"], space)
            space.update({name: proxy(candidate, name) for name in job["interface"]})
            exec(check, space)
    except TooSlow:
        return f"too slow in: {check}"
    except Exception as error:  # noqa: BLE001 - whatever a mutant raises is a verdict
        return f"{type(error).__name__}: {error} in: {check}"
    return None


def timed(job: dict[str, Any], answer: str) -> str | None:
    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlow

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, job.get("cpu_s", CPU_S))
    try:
        return verdict(job, answer)
    except TooSlow:
        return "too slow"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> None:
    global MUTATES  # noqa: PLW0603 - a program of one job
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    job = json.load(sys.stdin)
    MUTATES = job["mutates"]
    output, sys.stdout = sys.stdout, io.StringIO()
    builtins.input = lambda *_: ""
    json.dump([timed(job, answer) for answer in job["answers"]], output)


if __name__ == "__main__":
    main()
