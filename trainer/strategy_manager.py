"""Chooses the next task.

People's tasks first, by priority. Then round-robin over skills: the skill that was tried least, and within it the task
whose declared difficulty lies nearest to the skill's target, where each earlier try counts as TRIED of distance and a
pass as PASSED more. Never the task of the unit before, unless there is no other; never one that is being worked on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory.state import MemoryState, TaskRecord
from trainer.adjust_difficulty import DifficultyTargets
from utils.settings import Schedule

TRIED = 0.05
PASSED = 0.2


@dataclass(frozen=True, slots=True)
class Choice:
    """A task and the reason for it, in words."""

    task_id: str
    why: str


class StrategyManager:
    """The Trainer's choice, a function of the memory alone."""

    def __init__(self, pool: Sequence[str], targets: DifficultyTargets, *, schedule: Schedule) -> None:
        """`pool`: ids of the tasks of this run, in the order of their files."""
        self._pool, self._targets, self._schedule = tuple(pool), targets, schedule

    def next_task(self, state: MemoryState) -> Choice | None:
        """The next task; None if there is none left, or all that could be chosen are being worked on."""
        busy = {flight.task.id for flight in state.in_flight.values()}
        if self._schedule == "once":
            return self._next_in_order(state)
        return self._next_wish(state, busy) or self._next_in_curriculum(state, busy)

    def finished(self, state: MemoryState) -> bool:
        """Whether this schedule has nothing left to decide."""
        return self._schedule == "once" and self._next_in_order(state) is None

    def _next_in_order(self, state: MemoryState) -> Choice | None:
        place = next((index for index, each in enumerate(self._pool) if each not in state.run_tasks), None)
        if place is None:
            return None
        return Choice(self._pool[place], f"number {place + 1} of {len(self._pool)} in order")

    def _next_wish(self, state: MemoryState, busy: set[str]) -> Choice | None:
        waiting = [
            record
            for task_id, record in state.wishes.items()
            if not record.attempts and task_id not in busy
        ]  # fmt: skip
        if not waiting:
            return None
        first = max(waiting, key=lambda record: record.task.priority)
        return Choice(first.task.id, f"asked for by a person, priority {first.task.priority}")

    def _next_in_curriculum(self, state: MemoryState, busy: set[str]) -> Choice | None:
        free = [state.tasks[each] for each in self._candidates(state) if each not in busy]
        fresh = [record for record in free if record.task.id != state.last_task] or free
        if not fresh:
            return None
        skill = self._least_tried(fresh, state)
        target = self._targets.of(skill)
        best = min(
            (record for record in fresh if record.task.skills[0] == skill),
            key=lambda record: (_distance(record, target), record.decided),
        )
        return Choice(best.task.id, f"{skill} was tried least; difficulty {best.task.difficulty:.2f}, aim {target:.2f}")

    def _candidates(self, state: MemoryState) -> Iterable[str]:
        """The pool, and people's graded tasks once they were tried."""
        tried = (task_id for task_id, record in state.wishes.items() if record.task.graded and record.attempts)
        return dict.fromkeys((*self._pool, *tried))

    def _least_tried(self, records: Sequence[TaskRecord], state: MemoryState) -> str:
        """The main skill with the fewest decided units; the first of equals."""
        decided = dict.fromkeys((record.task.skills[0] for record in records), 0)
        for skill in decided:
            decided[skill] = state.decided_by_skill.get(skill, 0)
        return min(decided, key=lambda skill: decided[skill])


def _distance(record: TaskRecord, target: float) -> float:
    return round(abs(record.task.difficulty - target) + TRIED * record.decided + PASSED * bool(record.passes), 9)
