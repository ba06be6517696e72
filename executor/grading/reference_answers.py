"""What a reference answers: to each call twice, in any order, and in interpreters that hash texts differently.

Whatever the reference does wrong is a finding about it and never a fault. Not covered: chance that happens to fall the
same way each time, and what only another machine or another version of Python would show.
"""

import builtins
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from executor.grading import candidate_agent, checks_code, raised, remote, seeded_agent, wire
from executor.grading.answers import answer
from executor.grading.asking import Asking
from executor.grading.compare import is_plain, same
from executor.grading.facts import describe_end
from executor.grading.programs import CANDIDATE
from executor.grading.transcript import call_text, error_text
from executor.run_code import MAIN
from executor.sandbox import Job, Limits, Program, Sandbox, Status
from utils.errors import Interrupted
from utils.text import one_line

HASH_SEEDS = (1, 2, 3, 4)
"""Beside the sandboxes' own, which is 0: a set of two texts comes out in one order in all five once in sixteen."""
WHY_CHARS = 300
CALL_CHARS = 120
ANSWERS_KB = 8192


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call gave, in the wire's form, or the builtin exception that it raised."""

    value: Any = None
    raises: str = ""

    def equals(self, other: "Answer") -> bool:
        """Whether both are the same outcome."""
        return self.raises == other.raises and (bool(self.raises) or same(self.value, other.value))


@dataclass(frozen=True, slots=True)
class Answers:
    """One for each call, or what keeps the reference from answering."""

    each: tuple[Answer, ...] = ()
    broken: str = ""
    unstable: str = ""
    """Which call is not always answered alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Code, and calls of it in the wire's form (executor.grading.wanted.request_of)."""

    source: str
    names: tuple[str, ...]
    requests: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class _Broken(Exception):  # noqa: N818  it never leaves this module
    """The reference does not answer as a reference must."""


def answers_of(reference: Reference, sandbox: Sandbox, *, limits: Limits) -> Answers:
    """The answers, if they are always the same.

    Raises:
        SandboxFault: the sandbox could not start or was lost.
        Interrupted: the sandbox was closed meanwhile.
    """
    try:
        first, second = _twice(reference, sandbox, limits)
        unstable = _difference(reference, first, second, "asked again")
        if not unstable:
            seeded = _seeded(reference, sandbox, limits)
            found = (_difference(reference, first, other, "where texts hash differently") for other in seeded)
            unstable = next(filter(None, found), "")
    except _Broken as why:
        return Answers(broken=one_line(str(why), WHY_CHARS))
    return Answers(each=tuple(first), unstable=one_line(unstable, WHY_CHARS))


def _difference(reference: Reference, first: Sequence[Answer], second: Sequence[Answer], when: str) -> str:
    for request, one, other in zip(reference.requests, first, second, strict=True):
        if not one.equals(other):
            return f"{call_text(request, limit=CALL_CHARS)} gives something else {when}"
    return ""


def _twice(reference: Reference, sandbox: Sandbox, limits: Limits) -> tuple[list[Answer], list[Answer]]:
    """All calls in their order, then all again in the same process, which may remember."""
    program = sandbox.converse(Program(source=CANDIDATE, limits=limits))
    line = Asking(program, mutates=True)
    try:
        if error := line.load(reference.source, reference.names):
            raise _Broken(f"it cannot be loaded: {error[-WHY_CHARS // 2 :]}")
        replies = [[line.call(request) for request in reference.requests] for _ in range(2)]
    finally:
        ended = program.close()
    if line.gone:
        raise _Broken(f"its process ended: {describe_end(ended)}")
    for request, reply in zip(reference.requests, replies[0], strict=True):
        if "args" in reply and not same(reply["args"], list(request["args"])):
            raise _Broken(f"it changes the arguments of {call_text(request, limit=CALL_CHARS)}")
    first, second = ([_read(request, reply) for request, reply in zip(reference.requests, each, strict=True)]
                     for each in replies)  # fmt: skip
    return first, second


def _read(request: Mapping[str, Any], reply: Mapping[str, Any]) -> Answer:
    if "error" in reply:
        if raised := builtin_exception(reply["error"]):
            return Answer(raises=raised)
        raise _Broken(f"{call_text(request, limit=CALL_CHARS)}: {error_text(reply['error'])}")
    if not is_plain(reply["value"]):
        raise _Broken(f"{call_text(request, limit=CALL_CHARS)} gives something that is no plain data")
    return Answer(value=reply["value"])


def builtin_exception(error: Mapping[str, Any]) -> str:
    """The nearest builtin exception that was raised; empty if there is none that code can mean."""
    for name in error.get("classes") or ():
        kind = getattr(builtins, str(name), None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            return str(name)
    return ""


def _seeded(reference: Reference, sandbox: Sandbox, limits: Limits) -> list[list[Answer]]:
    """The answers under each other hash seed, the calls now in this order and now in the opposite one."""
    orders = {
        "source": reference.source,
        "interface": list(reference.names),
        "requests": [dict(request) for request in reference.requests],
        "seeds": HASH_SEEDS,
    }
    files = {**_modules(), MAIN: _text(seeded_agent), "orders.json": json.dumps(orders).encode()}
    job = Job(
        argv=("python", MAIN),
        files=files,
        collect=("answers-*.json",),
        limits=Limits(
            wall_s=limits.wall_s * len(HASH_SEEDS),
            cpu_s=limits.cpu_s * len(HASH_SEEDS),
            memory_mb=limits.memory_mb,
            artifacts_kb=ANSWERS_KB,
        ),
    )
    result = sandbox.run(job)
    if result.status is Status.CANCELLED:
        raise Interrupted("the sandbox was closed while a reference ran")
    found = [result.artifacts.get(f"answers-{step}.json") for step in range(1, len(HASH_SEEDS) + 1)]
    if any(each is None for each in found):
        raise _Broken(f"in a new interpreter its process ended: {describe_end(result)}")
    return [_parsed(reference, each or b"") for each in found]


def _parsed(reference: Reference, told: bytes) -> list[Answer]:
    try:
        _loaded, *replies = json.loads(told)
        read = [answer(json.dumps(reply).encode(), to="call", mutates=False) for reply in replies]
    except (ValueError, RecursionError) as error:
        raise _Broken("in a new interpreter it answers with something that is no plain data") from error
    if len(read) != len(reference.requests):
        raise _Broken("in a new interpreter it does not answer all calls")
    return [_read(request, reply) for request, reply in zip(reference.requests, read, strict=True)]


def _modules() -> dict[str, bytes]:
    packages = {"executor/__init__.py": b"", "executor/grading/__init__.py": b""}
    modules = (wire, remote, checks_code, raised, candidate_agent)
    return packages | {f"executor/grading/{Path(str(module.__file__)).name}": _text(module) for module in modules}


def _text(module: Any) -> bytes:  # noqa: ANN401  a module
    return Path(module.__file__).read_bytes()
