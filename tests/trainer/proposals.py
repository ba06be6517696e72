"""A proposal that deserves trust, and ways to spoil it."""

from typing import Any

from memory.cases import Case, case_of_line
from memory.task_proposals import TaskProposal

GOAL = """Write `runs(items: list, least: int) -> list`.

Equal items that stand next to each other make a run. Return the lengths of the runs, in order, that have at least
`least` items. No items give []. A `least` below 1 raises ValueError.
"""
REFERENCE = """def runs(items, least):
    if least < 1:
        raise ValueError(least)
    found = []
    length = 0
    for at, item in enumerate(items):
        length += 1
        if at + 1 == len(items) or items[at + 1] != item:
            if length >= least:
                found.append(length)
            length = 0
    return found
"""
CHECKS = (
    "runs([1, 1, 2], 1) == [2, 1]",
    "runs([1, 1, 2], 2) == [2]",
    "runs([], 1) == []",
    "runs([3, 3, 3], 4) == []",
    "runs([0, 0, 0, 5, 5, 1], 2) == [3, 2]",
    "runs(['a'], 1) == [1]",
    "runs([1, 2, 1, 2], 1) == [1, 1, 1, 1]",
    "raises(ValueError, runs, [1], 0)",
    "raises(ValueError, runs, [], -2)",
)


def claims(*lines: str) -> tuple[Case, ...]:
    found = map(case_of_line, lines)
    return tuple(Case(call=each.call, expected=each.expected, raises=each.raises) for each in found)


def proposal(*lines: str, **fields: Any) -> TaskProposal:
    """The good one, with these checks and fields in place of its own."""
    values: dict[str, Any] = {
        "name": "Runs of equal items",
        "goal": GOAL,
        "entry_point": "runs",
        "reference": REFERENCE,
        "claims": claims(*(lines or CHECKS)),
        "skills": ("lists",),
        "difficulty": 0.3,
    }
    return TaskProposal(**values | fields)
