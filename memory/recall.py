"""What is remembered of earlier attempts that may help with a task: past ones at it, and similar ones at others.

Of each task at most two attempts are told of: the newest failed one and the newest that passed after more than one
try, if they have something to tell. So what is kept, and what folding and finding cost, grows with the tasks and not
with the attempts.

Not covered: attempts are compared by words, so the same trap told in other words is missed; and nothing here knows
whether a lesson is right or helps. That is what the coins over recall measure.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from memory.attempts import Reflection
from memory.digests import normalised_rule
from memory.events import Event, Finished
from memory.recall_index import WordIndex
from memory.state import MemoryState
from memory.tasks import Task
from memory.views.view import Document
from utils.text import estimate_tokens, one_line

LINE_CHARS = 400
MESSAGE_CHARS = 120
LEAST_SHARE = 0.28
MOST_SIMILAR = 3

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Recalled:
    """One line for the prompt about the attempt `unit_id` at the task `task_id`."""

    unit_id: str
    task_id: str
    text: str


@dataclass(frozen=True)
class _Attempt:
    """What is kept of an attempt; `lesson` is empty if there is none that may be told."""

    seq: int
    unit_id: str
    task: Task
    outcome: Literal["passed", "failed"]
    tries: int
    error_class: str
    told: str
    lesson: str

    @cached_property
    def line(self) -> str:
        """What a prompt tells of it."""
        return _line(self)


class RecallIndex:
    """A view without documents: folds finished units, finds those that may help with a task.

    The thread that first calls `find` has to be the one that calls it ever after (the writer's loop). `close` frees
    the index; a later `find` builds it anew.

    Measured on tests/memory/fixtures/recall_labels.toml: 141 tasks with one past attempt each, invented lessons, 120
    labelled queries. Everything was chosen on the half for tuning, where 59 queries have an answer, so that a
    difference of 0.06 may be chance. Recall@3, precision@1 and MRR of the ranking, without a threshold:

        as built                           .718 .627 .729    on the held-out half (54 queries) .660 .519 .647
        newest of the same main skill      .223 .104 .283    mean of 20 orders
        newest                             .022 .009 .050    likewise
        10, 16, 24, 32, 64 words asked for: MRR .641 .760 .732 .673 .641 (20 are built: the middle of the plateau)
        without Porter's stemmer           .678 .525 .646
        without skills                     .684 .542 .668
        without lessons                    .661 .610 .695
        without error classes              .709 .627 .725
        with the goal alone                .630 .525 .642
        with common words, 24 words        .709 .678 .754    no better for certain, and finding takes twice as long

    Names, skills, lessons or error classes that count twice change nothing that could not be chance, so that all have
    the same weight. Of three memories of 16, 64 and 141 attempts, a share of at least 0.28 keeps .41, .43, .47 of what
    helps (of the best three); .42, .38, .51 of what it keeps helps. A threshold for the score itself, where it keeps as
    much of the largest memory, keeps .20 of the smallest. Lines after the third helped in none of 16 cases. What `find`
    gives in the end: .492 .492 .525 on the half for tuning, .534 .444 .512 on the held-out half, where 35 of 81 lines
    help. The limit of three was looked for after the held-out half had shown too many lines that do not help (36 of
    102 did), and set by the half for tuning. Lessons and labels come from one hand, and labels are often mutual, so
    that the halves know of each other: lessons of a real model will be found less well.

    A put and a find together take 0.4 ms with 141 texts of 60 words, 6 ms with 20,000 (SQLite's FTS5: 1.1 and 20); the
    first find, which takes all in, 1.7 s with 20,000.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], int] = {}
        self._attempts: dict[int, _Attempt] = {}
        self._stale: dict[int, None] = {}
        self._index: WordIndex | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Remember a finished unit, in place of the one before of its task and outcome."""
        if not isinstance(event.data, Finished):
            return
        attempt = _attempt(event.seq, event.data, state.tasks[event.data.belog.task_id].task)
        if attempt is not None:
            row = self._rows.setdefault((attempt.task.id, attempt.outcome), len(self._rows) + 1)
            self._attempts[row] = attempt
            self._stale[row] = None

    def changed(self) -> Iterator[Document]:
        """Nothing: an index is no document."""
        return iter(())

    def find(self, task: Task, *, budget_tokens: int) -> tuple[Recalled, ...]:
        """What may help with the task, within the budget.

        Past attempts at the task itself come first, newest first, then the best attempt at each of at most three
        similar tasks, most similar first, equal ones by unit id. One that does not fit what is left of the budget
        (counted by utils.text.estimate_tokens) is left out, and a shorter one after it may still come.
        """
        chosen, left = list[Recalled](), budget_tokens
        for attempt in (*self._own(task), *self._similar(task)):
            text = attempt.line
            tokens = estimate_tokens(text)
            if tokens <= left:
                chosen.append(Recalled(attempt.unit_id, attempt.task.id, text))
                left -= tokens
        return tuple(chosen)

    def close(self) -> None:
        """Free the index."""
        if self._index is not None:
            self._index.close()
        self._index, self._stale = None, dict.fromkeys(self._attempts)

    def _own(self, task: Task) -> list[_Attempt]:
        rows = (self._rows.get((task.id, outcome)) for outcome in ("passed", "failed"))
        return sorted((self._attempts[row] for row in rows if row), key=lambda attempt: -attempt.seq)

    def _similar(self, task: Task) -> Iterable[_Attempt]:
        matches = itertools.takewhile(lambda match: match.share >= LEAST_SHARE, self._fresh_index().like(_asked(task)))
        ranked = sorted((-match.share, self._attempts[match.row].unit_id, match.row) for match in matches)
        best = dict[str, _Attempt]()
        for *_, row in ranked:
            best.setdefault(self._attempts[row].task.id, self._attempts[row])
        best.pop(task.id, None)
        return itertools.islice(best.values(), MOST_SIMILAR)

    def _fresh_index(self) -> WordIndex:
        if self._index is None:
            self._index = WordIndex()
        self._index.put({row: _told(self._attempts[row]) for row in self._stale})
        self._stale = {}
        return self._index


def without(recalled: Sequence[Recalled], texts: Sequence[str]) -> tuple[Recalled, ...]:
    """Those whose line contains none of the texts, compared as rules are (memory.digests.normalised_rule)."""
    if not recalled:
        return ()
    hidden = {normalised_rule(form) for text in texts for form in (text, _escaped(text))} - {""}
    return tuple(each for each in recalled if not any(text in normalised_rule(each.text) for text in hidden))


def _attempt(seq: int, finished: Finished, task: Task) -> _Attempt | None:
    """What is to be kept of a finished unit; None if it has nothing to tell."""
    result, errors = finished.result, finished.belog.errors_encountered
    if result.outcome == "ungraded" or result.outcome == "no_verdict":  # noqa: PLR1714  mypy reads it
        return None
    if result.outcome == "passed" and len(result.turns) < 2:  # noqa: PLR2004
        return None
    guarded = all(error.told is not None for error in errors)  # else its lesson may repeat checks that decide unseen
    lesson = _lesson(result.reflection) if guarded else ""
    if not lesson and (result.outcome == "passed" or not errors):
        return None
    return _Attempt(
        seq=seq,
        unit_id=result.unit_id,
        task=task,
        outcome=result.outcome,
        tries=len(result.turns),
        error_class=errors[-1].error_class if errors else "no code",
        told=(errors[-1].told or "") if errors else result.ended,
        lesson=lesson,
    )


def _lesson(reflection: Reflection | None) -> str:
    """The lesson, empty if it is none or gives away the rule that was proposed with it."""
    if reflection is None or not reflection.usable:
        return ""
    rule = normalised_rule(reflection.rule)
    return "" if rule and rule in normalised_rule(reflection.lesson) else reflection.lesson


def _line(attempt: _Attempt) -> str:
    head = f'Task "{one_line(attempt.task.name)}" ({", ".join(attempt.task.skills)}): '
    if attempt.outcome == "passed":
        what = f"passed after {attempt.tries} tries."
    else:
        why = f"{attempt.error_class}: {attempt.told.removeprefix(f'{attempt.error_class}; ')}"
        what = f"failed with {one_line(why, MESSAGE_CHARS).rstrip(' .:')}."
    lesson = _sentences(_escaped(attempt.lesson), LINE_CHARS - len(f"{head}{what} Lesson: "))
    return f"{head}{what} Lesson: {lesson}" if lesson else f"{head}{what}"


def _escaped(text: str) -> str:
    """The whole text on one line; an escape has up to ten characters."""
    return one_line(text, 10 * len(text))


def _sentences(text: str, limit: int) -> str:
    """As many whole sentences from the start as fit; half a sentence could be half of a rule that is to be hidden."""
    for end in (len(text), *(found.start() for found in reversed([*_SENTENCE_END.finditer(text)]))):
        if end <= limit:
            return text[:end]
    return ""


def _asked(task: Task) -> str:
    return f"{task.name} {task.entry_point or ''} {' '.join(task.skills)} {task.goal}"


def _told(attempt: _Attempt) -> str:
    return f"{attempt.error_class} {attempt.lesson} {_asked(attempt.task)}"
