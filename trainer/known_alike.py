"""Whether a proposed task is one that is known: by its words, or by what it answers.

Words: the goals' runs of three words, as Jaccard's index (shared runs of all runs; Broder 1997 calls them shingles).
Answers: a reference that gives what a known task wants of all calls that it can take solves that task, whatever it is
called. Not covered: a known task whose checks are code that does more than compare calls with literals.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from executor.grading.asking import Asking
from executor.grading.compare import same
from executor.grading.wanted import Wanted, wanted_of
from memory.cases import Case, case_of_line
from memory.tasks import Check, Task
from utils.python_source import parse_python
from utils.text import normalised

SAME_WORDS = 0.8
"""Of the goals' runs of three words; what was measured of different and of reworded tasks is in docs/experiments.md."""
RUN = 3
MOST_CASES = 12
FEWEST_CASES = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Known:
    """What is compared of one known task."""

    id: str
    runs: frozenset[tuple[str, ...]]
    wanted: tuple[Wanted, ...]


@dataclass(slots=True)
class KnownTasks:
    """All tasks that a proposal is compared with; a task is read once, and again when it has changed."""

    _by_id: dict[str, Known] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)

    def learn(self, tasks: Iterable[tuple[Task, str]]) -> None:
        """Take in tasks with their digests."""
        for task, digest in tasks:
            if self._digests.get(task.id) != digest:
                self._digests[task.id] = digest
                self._by_id[task.id] = Known(task.id, runs_of(task.goal, task.entry_point), tuple(_wanted(task)))

    def alike_in_words(self, goal: str, entry_point: str) -> str:
        """The task with the most similar goal and how similar it is, if it is too similar; empty if none is."""
        runs = runs_of(goal, entry_point)
        share, nearest = max(((jaccard(runs, each.runs), each.id) for each in self._by_id.values()), default=(0.0, ""))
        return f"{share:.0%} of its words are those of {nearest}" if share >= SAME_WORDS else ""

    def alike_in_answers(self, line: Asking, entry_point: str, shape: tuple[str, ...]) -> str:
        """The known task that a loaded reference solves, in words; empty if there is none.

        Args:
            line: to the reference.
            entry_point: its name.
            shape: the kinds of its arguments, as `shape_of` gives them.

        Raises:
            Interrupted: the sandbox was closed meanwhile.
        """
        for known in self._by_id.values():
            fitting = [each for each in known.wanted if shape_of(each.request) == shape]
            if _tell_apart(fitting, of=known) and all(_gives(line, entry_point, each) for each in fitting):
                return f"it answers all {len(fitting)} calls of {known.id} that it can take as that task does"
        return ""


def _tell_apart(wanted: Sequence[Wanted], *, of: Known) -> bool:
    """Whether who gives what is wanted must have solved the task: enough calls, not all with one outcome."""
    enough = len(wanted) >= FEWEST_CASES and 2 * len(wanted) >= len(of.wanted)
    return enough and len({each.expected for each in wanted}) > 1


def shape_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of the positional arguments of a call in the wire's form; a whole number may stand for any number."""
    kinds = {bool: "bool", int: "number", float: "number", str: "text", list: "list", type(None): "none"}
    return tuple(
        next(iter(value), "") if isinstance(value, dict) else kinds.get(type(value), "") for value in request["args"]
    )


def _gives(line: Asking, entry_point: str, wanted: Wanted) -> bool:
    reply = line.call({**wanted.request, "name": entry_point})
    if "error" in reply:
        return bool(wanted.raises) and wanted.raises in (reply["error"].get("classes") or ())
    return not wanted.raises and same(reply["value"], wanted.value)


def runs_of(goal: str, entry_point: str | None) -> frozenset[tuple[str, ...]]:
    """The runs of three words of a goal; the function's own name counts as any name."""
    words = _WORD.findall(normalised(goal))
    if entry_point:
        words = ["name" if word == entry_point.casefold() else word for word in words]
    return frozenset(tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1)))


def jaccard(one: frozenset[Any], other: frozenset[Any]) -> float:
    """Shared items of all items, 0..1."""
    return len(one & other) / len(one | other) if one or other else 0.0


def _wanted(task: Task) -> Iterator[Wanted]:
    """What the task wants of calls of its entry point, as far as it says so in literals."""
    cases = [*task.cases, *(case for check in task.checks for case in _cases(check))]
    found = (wanted_of(case) for case in cases)
    own = (each for each in found if each.request["name"] == task.entry_point and not each.request["kwargs"])
    for each, _ in zip(own, range(MOST_CASES), strict=False):
        yield each


def _cases(check: Check) -> Iterator[Case]:
    """The asserts at the top of a check that compare one call with a literal."""
    try:
        body = parse_python(check.code).body
    except SyntaxError:
        return
    for node in body:
        if isinstance(node, ast.Assert):
            try:
                found = case_of_line(ast.unparse(node.test))
                yield Case(call=found.call, expected=found.expected, raises=found.raises)
            except ValueError:
                continue
