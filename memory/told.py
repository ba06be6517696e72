"""What the Builder may read of a try that failed: what may be shown of it, and of the rest how many, in which kinds.

The verdict in it comes from a grading that never held what decides unseen, so that nothing which a solution prints,
raises or answers can carry that along.
"""

import builtins
from collections import Counter
from dataclasses import dataclass

from memory.attempts import FITS_ONLY_SHOWN, Assertion, Verdict
from memory.shown_checks import Split
from memory.signatures import PROGRAM
from utils.text import one_line

WRONG = "wrong answer"
OVERTURNED = {
    "shared state": "an argument is changed, or an object is shared that should be new",
    "set order": "the answer depends on the order of a set",
}
OWN = "another exception"
_OURS = {"CandidateGone": "process ended", "NoPlainValue": "no plain value", "CandidateStopped": "StopIteration"}
"""Exceptions of the judge itself."""
LINE_CHARS = 500
_KNOWN = frozenset(name for name, kind in vars(builtins).items() if isinstance(kind, type)) | frozenset({
    "JSONDecodeError", "InvalidOperation", "FrozenInstanceError", "StatisticsError", "CalledProcessError", "Empty",
})  # fmt: skip
"""Names of exceptions that no solution chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What may be said of a failed try.

    Attributes:
        shown: the verdict on what may be shown; None where nothing may be.
        passed: assertions of all that held.
        total: all assertions.
        hidden: kind -> how many of the failures that may not be shown are of it.
        unshown: how many assertions failed that may not be shown.
        fits_only_shown: whether there are some that may be shown, and all of them held.
    """

    shown: Verdict | None
    passed: int
    total: int
    hidden: tuple[tuple[str, int], ...] = ()
    unshown: int = 0
    fits_only_shown: bool = False

    @property
    def kinds(self) -> str:
        """The kinds of what may not be shown, in words; empty without any."""
        return ", ".join(f"{kind} ({count})" for kind, count in self.hidden)

    @property
    def line(self) -> str:
        """The failure in a line."""
        if self.shown is not None and self.shown.outcome != "passed":
            return message_of(self.shown)
        said = f"hidden checks failed{f': {self.kinds}' if self.hidden else ''}"
        return one_line(f"{FITS_ONLY_SHOWN}; {said}" if self.fits_only_shown else said, LINE_CHARS)


def all_of(verdict: Verdict) -> Told:
    """A failure of which everything may be told."""
    return Told(shown=verdict, passed=verdict.assertions_passed, total=verdict.assertions_total)


def part_of(verdict: Verdict, shown: Verdict | None, split: Split) -> Told:
    """A failure of which only `shown`, the verdict on what may be shown, is told as it is."""
    unseen = [each for each in verdict.failures if shown is None or not split.may_show(each.check, each.source)]
    visible = len(unseen) < len(verdict.failures)
    overturned = verdict.overturned if shown is None or shown.outcome == "passed" else ""
    told = 0 if shown is None else shown.assertions_total - shown.assertions_passed
    failed = verdict.assertions_total - verdict.assertions_passed
    kinds = Counter(_kind(each, verdict) for each in unseen)
    kinds.update([OVERTURNED[overturned]] if overturned else [])
    return Told(
        shown=shown,
        passed=verdict.assertions_passed,
        total=verdict.assertions_total,
        hidden=tuple(sorted(kinds.items())),
        unshown=max(len(unseen), failed - told, int(bool(overturned))),
        fits_only_shown=shown is not None and shown.outcome == "passed" and not visible,
    )


def known_class(name: str) -> str:
    """The name of an exception, if no solution can have chosen it."""
    return name if name in _KNOWN else OWN


def _kind(failure: Assertion, verdict: Verdict) -> str:
    """In words of our own what kind of failure it is."""
    if not failure.error:
        return WRONG
    if verdict.candidate.status not in ("exit", "cancelled"):
        return verdict.candidate.status.replace("_", " ")
    said = last_line(failure.traceback) if failure.call == PROGRAM else failure.error
    name = said.partition(":")[0].rpartition(".")[2].strip()
    return _OURS.get(name) or known_class(name)


def message_of(verdict: Verdict) -> str:
    """In a line what went wrong first."""
    if last := last_line(verdict.error):
        return one_line(last, LINE_CHARS)
    if not verdict.failures:
        return "no check was reached"
    first = verdict.failures[0]
    if first.error:
        return one_line(f"{first.call}: {first.error}" if first.call else first.error, LINE_CHARS)
    return one_line(f"{first.source}: got {first.actual}, expected {first.expected}", LINE_CHARS)


def last_line(text: str) -> str:
    """The last line of a text, empty for an empty one."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
