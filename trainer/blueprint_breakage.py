"""What a change of a family's way of working touches, and how likely it breaks what passes today.

A change touches the family's tasks, and with them all of their skills, those that they share with other families among
them. Of these tasks, those whose latest attempt passed could break: at most CROSS_CHECKS of them, the ones that are
remembered worst first, are the cross-check. It is required if there is one, and scheduled: the turns of the curriculum
that check for forgetting go to it first (trainer.strategy_manager), until each was tried with the changed version.

The breakage risk is how likely a task of the touched skills that was passed once fails when it is tried again,
whatever changes: (failures after a pass + 1) / (attempts after a pass + 2), over all touched skills. It is what the
cross-check's own share of failures, (failed + 1) / (tried + 2), is to be held against.
"""

from dataclasses import dataclass

from memory.records import TaskRecord
from memory.state import MemoryState

CROSS_CHECKS = 8


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change touches: skills, the tasks of its cross-check, and the risk, 0..1."""

    skills: tuple[str, ...]
    cross_check: tuple[str, ...]
    risk: float


def touched_by(state: MemoryState, family: str) -> Touched:
    """What a change for a family touches, empty for all tasks; a function of what is remembered."""
    records = [state.tasks[task] for skill in state.by_skill if family in {"", skill} for task in state.by_skill[skill]]
    skills = sorted({skill for record in records for skill in record.task.skills})
    passing = [each for each in records if each.last_outcome == "passed" and not each.quarantined]
    passing.sort(key=lambda record: (_remembered(record, state), record.task.id))
    known = [state.skills[skill] for skill in skills if skill in state.skills]
    return Touched(
        skills=tuple(skills),
        cross_check=tuple(record.task.id for record in passing[:CROSS_CHECKS]),
        risk=share_of_falls(
            sum(each.failures_after_pass for each in known), sum(each.retries_after_pass for each in known)
        ),
    )


def share_of_falls(falls: int, tries: int) -> float:
    """Of tasks that were passed once, how many fail when they are tried again; 0.5 without a try, 6 decimals."""
    return round((falls + 1) / (tries + 2), 6)


def _remembered(record: TaskRecord, state: MemoryState) -> float:
    remembered = state.learning.reviews.retrievability(record.task.id, unit=state.totals.units)
    return 1.0 if remembered is None else round(remembered, 9)
