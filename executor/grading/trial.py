"""Whether a task can be passed and can be failed: tried before anything that is done for it counts.

A reference has to pass, and answers that do nothing have to fail. Without a reference only such answers are tried: then
nobody knows that the task can be passed, but for what no solution is to blame for (a module that is not there, a check
that breaks before it asked anything) and for what the text of the checks tells (check_reach, idle_checks).
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from executor.grading.check_reach import reach_of
from executor.grading.grade import grade
from executor.grading.idle_checks import idle_flaw, unbound
from executor.grading.probes import probes
from executor.sandbox import Sandbox
from memory.attempts import Assertion, AttemptLimits, Verdict
from memory.tasks import Task
from utils.errors import SandboxFault
from utils.python_source import parse_python
from utils.text import one_line

WHY_CHARS = 300
PROBE_WALL_S, PROBE_CPU_S = 4.0, 2.0
"""A solution that does nothing is done at once, but for checks that wait for it to do something."""
_BROKE = "the judge ended before its first call"
_OF_THE_CHECK = ("WireError", "ModuleNotFoundError", "ImportError")
"""Errors that no answer of a probe brings about: the check itself is to blame."""
_NO_MODULE = re.compile(r"No module named '([A-Za-z0-9_]+)")

Kind = Literal["", "nobody can pass", "nobody can fail", "never asks", "out of reach"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a task; `flaw` says in one line what is wrong with it, empty if nothing was found."""

    flaw: str = ""
    kind: Kind = ""

    @property
    def sound(self) -> bool:
        """Whether the task may count."""
        return not self.flaw


SOUND = Trial()


def read_task(task: Task) -> Trial:
    """What the text of a task's checks tells is wrong with it; nothing is run."""
    if not task.graded:
        return SOUND
    found = _idle(task) or (None if task.reference is not None else _out_of_reach(task)) or _nameless(task) or SOUND
    return Trial(one_line(found.flaw, WHY_CHARS), found.kind)


def try_task(task: Task, sandbox: Sandbox, limits: AttemptLimits) -> Trial:
    """What is wrong with a task, by its text and by a few gradings; nothing where nothing of it is graded.

    Raises:
        SandboxFault: the sandbox could not start or was lost.
        Interrupted: the sandbox was closed meanwhile.
    """
    told = read_task(task)
    if not task.graded or told.flaw:
        return told
    found = next(filter(None, _flaws(task, lambda source, bounds: grade(task, source, sandbox, limits=bounds), limits)),
                 SOUND)  # fmt: skip
    return Trial(one_line(found.flaw, WHY_CHARS), found.kind)


_Grade = Callable[[str, AttemptLimits], Verdict]


def _flaws(task: Task, graded: _Grade, limits: AttemptLimits) -> Iterator[Trial | None]:
    """Each flaw that can be looked for, cheap ones first; None where there is none."""
    if task.reference is not None:
        yield _of_reference(task, task.reference, graded, limits)
    bounds = limits.model_copy(
        update={"wall_s": min(limits.wall_s, PROBE_WALL_S), "cpu_s": min(limits.cpu_s, PROBE_CPU_S)}
    )
    for probe in probes(task):
        verdict = _tried(probe.source, graded, bounds)
        yield verdict if isinstance(verdict, Trial) else _of_probe(probe.words, verdict)
        if task.reference is not None:
            return


def packages_of(task: Task) -> tuple[str, ...]:
    """The top modules beside the standard library that the task's setup, checks and reference import; sorted."""
    found = set[str]()
    for code in (task.setup, *(check.code for check in task.checks), task.reference or ""):
        for node in ast.walk(parse_python(code)):
            match node:
                case ast.Import(names=names):
                    found.update(each.name.partition(".")[0] for each in names)
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.partition(".")[0])
    return tuple(sorted(found - sys.stdlib_module_names))


def _idle(task: Task) -> Trial | None:
    flaw = next(filter(None, (idle_flaw(each.code, task.callable_names) for each in task.checks)), "")
    return Trial(flaw, "nobody can fail") if flaw else None


def _nameless(task: Task) -> Trial | None:
    """A check that uses a name which nothing binds; a star of an import may bind any."""
    for check in task.checks:
        code = f"{task.setup}\n{check.code}"
        missing = unbound(parse_python(code)) - {*task.callable_names, "raises", "__name__"}
        if missing and "import *" not in code:
            name = min(missing)
            return Trial(f"a check uses {name}, which nothing defines: add it to the interface", "nobody can pass")
    return None


def _out_of_reach(task: Task) -> Trial | None:
    codes = (f"{task.setup}\n{each.code}" for each in task.checks)
    reach = next(filter(None, (reach_of(code, task.callable_names) for code in codes)), "")
    return Trial(reach, "out of reach") if reach else None


def _of_reference(task: Task, source: str, graded: _Grade, limits: AttemptLimits) -> Trial | None:
    verdict = _tried(source, graded, limits)
    if isinstance(verdict, Trial):
        return verdict
    if verdict.suspect:
        return Trial(verdict.suspect, "nobody can pass")
    if verdict.outcome == "passed":
        return None
    if lacking := _needs(_told(verdict)):
        return Trial(lacking, "nobody can pass")
    return _out_of_reach(task) or Trial(f"its own reference does not pass: {_told(verdict)}", "nobody can pass")


def _of_probe(words: str, verdict: Verdict) -> Trial | None:
    if verdict.outcome == "passed":
        return Trial(f"nobody can fail it: {words} passes", "nobody can fail")
    if broken := next((each for each in _errors(verdict) if each.startswith(_OF_THE_CHECK)), ""):
        return Trial(_needs(broken) or f"a check breaks whatever the solution does: {broken}", "nobody can pass")
    if verdict.calls or verdict.candidate.status != "exit":
        return None
    error = verdict.why_none or next(iter(_errors(verdict)), "")
    if error and error != "none of its assertions ran":
        return Trial(f"a check breaks before it asks the solution anything: {error}", "nobody can pass")
    return Trial("its checks never ask the solution anything", "never asks")


def _tried(source: str, graded: _Grade, limits: AttemptLimits) -> Verdict | Trial:
    """The verdict, or what is wrong with the task where its own setup ends the judge.

    Raises:
        SandboxFault: the sandbox is to blame.
    """
    try:
        return graded(source, limits)
    except SandboxFault as fault:
        if not str(fault).startswith(_BROKE):
            raise
        last = str(fault).strip().rpartition("\n")[2]
        flaw = _needs(str(fault)) or f"its setup or a check breaks before it asks the solution anything: {last}"
        return Trial(flaw, "nobody can pass")


def _needs(text: str) -> str:
    """Which package is not there, and what can be done; empty if the text tells of none."""
    found = _NO_MODULE.search(text)
    if found is None:
        return ""
    return f"it needs {found[1]}, which this sandbox does not have: name it in BT_SANDBOX_PACKAGES (docs/tasks.md)"


def _errors(verdict: Verdict) -> Iterator[str]:
    yield from (check.error for check in verdict.checks if check.error)
    yield from (each.error for each in verdict.failures if each.error)


def _told(verdict: Verdict) -> str:
    """Why a verdict is none that passes: its error, or the first assertion that did not hold."""
    if verdict.why_none or verdict.error:
        return verdict.why_none or verdict.error.strip().rpartition("\n")[2]
    failed = next(iter(verdict.failures), None)
    if failed is None:
        return next((f"{check.name}: {check.error}" for check in verdict.checks if not check.passed), "no check holds")
    return _assertion(failed)


def _assertion(failed: Assertion) -> str:
    what = failed.source or failed.call
    if failed.error:
        return f"{what}: {failed.error}" if what else failed.error
    return f"{what} gave {failed.actual}, not {failed.expected}" if failed.expected else f"{what} does not hold"
