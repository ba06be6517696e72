"""An attempt turn by turn: its code, what a turn changed, the verdict, and the coins that were tossed for it."""

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memory.archive import attempt_folder, code_of_turn
from memory.assignment import Assignment
from memory.attempts import FITS_ONLY_SHOWN, Turn, Verdict
from memory.rules import RuleBook
from trainer.morning_report.night import Whole
from utils.text import clip

CODE_LINES, LINE_CHARS, CODE_CHARS = 160, 240, 10_000
GOAL_CHARS = 1500
FAILURES_SHOWN = 3
VALUE_CHARS = 240
RULE_CHARS = 160
LOTS = 2.0**64
RECALLED = "earlier attempts that resemble the task"
_BREAK = re.compile(r"(?<=\S)\n(?=[\w(`\"'.])")
"""A line break within a paragraph: pages flow."""

LineKind = Literal["same", "added", "removed", "place"]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of code, or of a diff; `place` says where the lines below it stand."""

    kind: LineKind
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that did not hold."""

    check: str
    words: str
    expected: str
    actual: str
    error: str


@dataclass(frozen=True, slots=True)
class TurnStory:
    """One reply of the model and what became of it; `is_diff` if the code is told against the turn before."""

    index: int
    words: str
    tokens: int
    code: tuple[CodeLine, ...]
    is_diff: bool
    note: str
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin: what it was about, how likely it was to leave that out, what it came to, and what it said."""

    about: str
    text: str
    probability: float
    lot: float
    left_out: bool
    trial: int


@dataclass(frozen=True, slots=True)
class Story:
    """An attempt as the report tells it."""

    whole: Whole
    goal: str
    turns: tuple[TurnStory, ...]
    holdout: Coin | None
    coins: tuple[Coin, ...]


def story_of(memory: Path, whole: Whole, rules: RuleBook) -> Story:
    """Read the attempt's code and put its story together; `rules` tell the texts of those that were left out, too."""
    spec, assignment = whole.decided.spec, whole.decided.assignment
    return Story(
        whole=whole,
        goal=clip(_BREAK.sub(" ", whole.task_goal), GOAL_CHARS),
        turns=tuple(_turns(attempt_folder(memory, spec.task_id, spec.number), whole.finished.result.turns)),
        holdout=None if assignment is None or not assignment.holdout_probability else _holdout(assignment),
        coins=() if assignment is None else tuple(_coins(assignment, rules)),
    )


def _turns(folder: Path, turns: Sequence[Turn]) -> Iterator[TurnStory]:
    before: list[str] | None = None
    for turn in turns:
        lines, note = None, ""
        if turn.code_file:
            code = code_of_turn(folder, turn.code_file)
            lines = None if code is None else _lines(code)
            note = "This code is not kept any more, or too large to show." if lines is None else ""
        if lines is not None and lines == before:
            note = "The same code as before."
        yield TurnStory(
            index=turn.index,
            words=_words(turn),
            tokens=turn.completion_tokens,
            code=() if lines is None else tuple(_told(before, lines)),
            is_diff=lines is not None and before is not None,
            note=note,
            failures=() if turn.verdict is None else tuple(_failures(turn.verdict)),
        )
        before = before if lines is None else lines


def _lines(code: str) -> list[str]:
    """As many as are shown, each clipped, and how many are left out."""
    lines = code.rstrip().split("\n")
    shown = [clip(line, LINE_CHARS) for line in lines[:CODE_LINES]]
    ends = itertools.accumulate(len(line) + 1 for line in shown)
    fitting = sum(end <= CODE_CHARS for end in ends)
    left_out = len(lines) - fitting
    return [*shown[:fitting], *([f"[... {left_out} lines left out ...]"] if left_out else [])]


def _told(before: list[str] | None, lines: list[str]) -> Iterator[CodeLine]:
    """The whole code the first time, afterwards what was changed, with three lines around it."""
    if before is None:
        yield from (CodeLine("same", line) for line in lines)
        return
    kinds: dict[str, LineKind] = {"+": "added", "-": "removed", " ": "same"}
    for line in list(difflib.unified_diff(before, lines, lineterm=""))[2:]:
        if line.startswith("@"):
            yield CodeLine("place", line)
        else:
            yield CodeLine(kinds[line[0]], line[1:])


def _words(turn: Turn) -> str:
    if turn.problem:
        return f"no use: {turn.problem}"
    verdict = turn.verdict
    if verdict is None:
        return "not judged"
    if verdict.outcome == "ungraded":
        return f"ungraded; the program ended with {verdict.candidate.status}"
    if verdict.outcome == "no_verdict":
        return f"no verdict: {verdict.why_none}"
    held = sum(check.passed for check in verdict.checks)
    told = f"{verdict.outcome}: {held} of {len(verdict.checks)} checks hold"
    told += f"; it {FITS_ONLY_SHOWN}" if verdict.fits_only_shown else ""
    return f"{told}; {verdict.error}" if verdict.error else told


def _failures(verdict: Verdict) -> Iterator[Failure]:
    for each in verdict.failures[:FAILURES_SHOWN]:
        yield Failure(
            check=each.check,
            words=clip(each.source or each.call, VALUE_CHARS),
            expected=clip(each.expected, VALUE_CHARS),
            actual=clip(each.actual, VALUE_CHARS),
            error=clip(each.error, VALUE_CHARS),
        )


def _holdout(assignment: Assignment) -> Coin:
    return Coin(
        about="everything learned",
        text="",
        probability=assignment.holdout_probability,
        lot=assignment.lot / LOTS,
        left_out=assignment.control,
        trial=0,
    )


def _coins(assignment: Assignment, rules: RuleBook) -> Iterator[Coin]:
    for each in assignment.nominees:
        record = rules.get(each.id)
        yield Coin(
            about=each.id,
            text=RECALLED if record is None else clip(record.texts[each.version - 1], RULE_CHARS),
            probability=each.drop_probability,
            lot=each.lot / LOTS,
            left_out=each.dropped,
            trial=each.trial,
        )
