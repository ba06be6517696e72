"""How the word of two judges becomes one verdict.

The separated judge cannot be fooled, but sees copies and stand-ins; the plain run sees what Python sees, but shares its
process with the solution and can be fooled, towards passing only. A pass needs both. Where the separated one could not
do what a check asks for and the plain one passes, there is no verdict, unless the task's own reference passes both:
then the solution has answered in a form that the task does not need.
"""

from collections.abc import Callable
from dataclasses import dataclass

from executor.grading.check_reach import reach_of
from executor.grading.plain import Plain
from memory.attempts import Outcome, Overturned, Verdict
from memory.tasks import Task

PLAINLY = "in one process with the checks, as plain Python runs it, it fails"
ODD = "its answer is of a form that cannot be judged, and the task can be solved without"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An outcome, what the plain run said, why there is no verdict, and what the solution failed beyond its checks."""

    outcome: Outcome
    plain: str = ""
    why_none: str = ""
    error: str = ""
    overturned: Overturned = ""


def settle(*, separated: bool, plain: Plain | None, excuse: str, needs_plain: bool) -> Settled:
    """The outcome of both words; `excuse` is why the separated judge's failure may say nothing of the solution."""
    said = "" if plain is None else plain.said
    if not separated:
        if excuse and plain is not None and plain.passed:
            return Settled(outcome="no_verdict", plain=said, why_none=excuse)
        return Settled(outcome="failed", plain=said)
    if not needs_plain or (plain is not None and plain.passed):
        return Settled(outcome="passed", plain=said)
    error = f"{PLAINLY}: {said or 'it was not run'}"
    return Settled(outcome="failed", plain=said, error=error, overturned="shared state")


def crosses(task: Task, source: str, judged: Callable[[str], Verdict]) -> bool:
    """Whether the task's own reference, another one than this source, passes both judges."""
    return task.reference is not None and task.reference != source and judged(task.reference).outcome == "passed"


def reach(task: Task) -> str:
    """Why the task's checks need more of the solution's process than calls can give; empty if they do not."""
    found = (reach_of(code, task.callable_names) for code in (task.setup, *(check.code for check in task.checks)))
    return next(filter(None, found), "")
