"""What a check finds, and how it is worded."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was looked at.
        level: `problem` if a night with these settings would not work, `warning` if it would, but not as it might.
        said: what was tried and what came of it, in one line.
        todo: what to do about it; empty if there is nothing to do.
        details: all that was looked at, one line each, where that is more than can be said in one.
    """

    name: str
    level: Level
    said: str
    todo: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Something to try. `doing` says what is waited for meanwhile; `look` raises nothing but Interrupted."""

    doing: str
    look: Callable[[], Finding]


def examine(checks: Iterable[Check], waiting: Callable[[str], None]) -> Iterator[Finding]:
    """The findings in the order of the checks, each as soon as it is there; `waiting` hears what is being done."""
    for check in checks:
        waiting(check.doing)
        yield check.look()


def works(findings: Iterable[Finding]) -> bool:
    """Whether a night would work."""
    return all(finding.level != "problem" for finding in findings)


def summary(findings: Iterable[Finding]) -> str:
    """All findings in one line."""
    levels = [finding.level for finding in findings]
    problems, warnings = levels.count("problem"), levels.count("warning")
    counted = " and ".join(
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((problems, "problem"), (warnings, "warning"))
        if count
    )
    return f"A night would {'not work' if problems else 'work'} with these settings: {counted or 'nothing is amiss'}."


def fault_finding(name: str, level: Level, fault: Exception, todo: str) -> Finding:
    """A finding from an exception of this program, whose message often says behind a semicolon what to do."""
    said, _, advice = " ".join(str(fault).split()).rpartition("; ")
    return Finding(name, level, said, advice) if said else Finding(name, level, advice, todo)
