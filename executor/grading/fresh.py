"""Inputs that are drawn afresh for each grading by the task's generator and answered by its reference.

Both run in a sandbox of their own, before the candidate is started. Whatever they do wrong is a flaw of the task and
never the candidate's: then there are no fresh inputs, and the verdict says so.
"""

import builtins
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from executor.grading.asking import Asking
from executor.grading.compare import is_plain
from executor.grading.programs import CANDIDATE
from executor.grading.transcript import call_text, error_text
from executor.grading.wanted import Wanted, request_of
from executor.grading.wire import Encoder
from executor.sandbox import Limits, Program, Sandbox
from memory.cases import Generator
from memory.tasks import Task
from utils.text import one_line

CHECK = "fresh inputs"
FLAW_CHARS = 500
CALL_CHARS = 2000
_DRAW = "__inputs__"
_WRAPPER = """
def __inputs__(seed, count):
    import itertools, random
    space = {{"__name__": "generator"}}
    exec(compile({source!r}, "generator.py", "exec"), space)
    drawn = itertools.islice(space["inputs"](random.Random(seed)), count)
    return [each if isinstance(each, str) else tuple(each) for each in drawn]
"""


class _Flawed(Exception):  # noqa: N818  it never leaves this module
    """The task's generator or reference did not do what it is for."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What was drawn, and what was wrong with the task if nothing was."""

    wanted: tuple[Wanted, ...] = ()
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Texts:
    """Standard inputs that were drawn, and what was wrong with the generator if none were."""

    drawn: tuple[str, ...] = ()
    flaw: str = ""


def fresh_calls(task: Task, sandbox: Sandbox, *, limits: Limits, seed: int) -> Fresh:
    """Calls of the task's entry point with what its reference answers; nothing for a task without a generator.

    Raises:
        SandboxFault: the sandbox could not start or was lost.
        Interrupted: the sandbox was closed meanwhile.
    """
    if task.generator is None or task.entry_point is None:
        return Fresh()
    source = (task.reference or "") + _wrapper(task.generator)
    try:
        with _loaded(source, sandbox, limits, mutates=task.mutates_arguments) as line:
            inputs = _drawn(line, task.generator, seed)
            return Fresh(tuple(_answered(task, each, line) for each in inputs))
    except _Flawed as flaw:
        return Fresh(flaw=one_line(str(flaw), FLAW_CHARS))


def fresh_texts(generator: Generator, sandbox: Sandbox, *, limits: Limits, seed: int) -> Texts:
    """Texts for the standard input of a program.

    Raises:
        SandboxFault: the sandbox could not start or was lost.
        Interrupted: the sandbox was closed meanwhile.
    """
    try:
        with _loaded(_wrapper(generator), sandbox, limits, mutates=False) as line:
            drawn = _drawn(line, generator, seed)
    except _Flawed as flaw:
        return Texts(flaw=one_line(str(flaw), FLAW_CHARS))
    if not all(isinstance(text, str) for text in drawn):
        return Texts(flaw="its generator yields inputs that are no texts, which a program cannot read")
    return Texts(tuple(drawn))


def _wrapper(generator: Generator) -> str:
    return _WRAPPER.format(source=generator.source)


@contextmanager
def _loaded(source: str, sandbox: Sandbox, limits: Limits, *, mutates: bool) -> Iterator[Asking]:
    """A line to the generator and the reference in a process of theirs, which is gone afterwards."""
    program = sandbox.converse(Program(source=CANDIDATE, limits=limits))
    try:
        line = Asking(program, mutates=mutates)
        if error := line.load(source, [_DRAW]):
            raise _Flawed(f"its generator or reference cannot be loaded: {error[-FLAW_CHARS // 2 :]}")
        yield line
    finally:
        program.close()


def _drawn(line: Asking, generator: Generator, seed: int) -> list[Any]:
    """The inputs: texts, or tuples of arguments in the wire's form."""
    args = [Encoder().encode(seed), generator.count]
    reply = line.call(request_of(_DRAW, args, {}))
    if "error" in reply:
        raise _Flawed(f"its generator failed: {error_text(reply['error'])}")
    drawn = reply["value"]
    if not isinstance(drawn, list) or not drawn or not is_plain(drawn):
        raise _Flawed("its generator yields no inputs that are plain data")
    return drawn


def _answered(task: Task, drawn: Any, line: Asking) -> Wanted:  # noqa: ANN401  any JSON
    if not (isinstance(drawn, dict) and isinstance(args := drawn.get("t"), list)):
        raise _Flawed("its generator yields inputs that are no tuples of arguments")
    request = request_of(str(task.entry_point), args, {})
    call = call_text(request, limit=CALL_CHARS)
    reply = line.call(request)
    if "error" in reply:
        return Wanted(check=CHECK, call=call, request=request, raises=_exception(reply["error"], call))
    after = reply.get("args") if task.mutates_arguments else None
    if not is_plain([reply["value"], after]):
        raise _Flawed(f"its reference answers {call} with something that is no plain data")
    return Wanted(check=CHECK, call=call, request=request, value=reply["value"], after=after)


def _exception(error: Mapping[str, Any], call: str) -> str:
    """The nearest builtin exception that the reference raised, which a right solution raises, too."""
    names: Sequence[str] = error.get("classes") or ()
    kinds = {name: getattr(builtins, name, None) for name in names}
    for name, kind in kinds.items():
        if isinstance(kind, type) and issubclass(kind, Exception):
            return name
    raise _Flawed(f"its reference does not answer {call}: {error_text(error)}")
