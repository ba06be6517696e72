"""Chooses the next task.

People's tasks first, by priority. Then round-robin over skills: the main skill that was tried longest ago, and within
it the task whose declared difficulty lies nearest to the skill's target, where each earlier try counts as TRIED of
distance and a pass as PASSED more. Never the task of the unit before, unless there is no other; never one that is being
worked on. It is the time of the last try that counts, not how many there were: a skill that is new to an old memory
takes its turn like every other, and not all turns until it has caught up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory.state import MemoryState, TaskRecord
from trainer.adjust_difficulty import DifficultyTargets
from utils.ids import unit_number
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
        known = [state.tasks[each] for each in self._candidates(state)]
        free = [record for record in known if record.task.id not in busy]
        fresh = [record for record in free if record.task.id != state.last_task] or free
        if not fresh:
            return None
        last = _last_tries(known, state)
        skill = min((record.task.skills[0] for record in fresh), key=lambda each: last[each])
        target = self._targets.of(skill)
        best = min(
            (record for record in fresh if record.task.skills[0] == skill),
            key=lambda record: (_distance(record, target), record.decided),
        )
        why = f"{skill} was tried longest ago; difficulty {best.task.difficulty:.2f}, aim {target:.2f}"
        return Choice(best.task.id, why)

    def _candidates(self, state: MemoryState) -> Iterable[str]:
        """The pool, and people's graded tasks once they were tried."""
        tried = (task_id for task_id, record in state.wishes.items() if record.task.graded and record.attempts)
        return dict.fromkeys((*self._pool, *tried))


def _last_tries(records: Sequence[TaskRecord], state: MemoryState) -> dict[str, int]:
    """Main skill -> number of the last unit that was decided for one of its tasks, 0 if there was none."""
    units = {flight.task.id: unit_number(unit) for unit, flight in state.in_flight.items()}
    last = dict.fromkeys((record.task.skills[0] for record in records), 0)
    for record in records:
        tries = (*map(unit_number, record.previous), units.get(record.task.id, 0))
        last[record.task.skills[0]] = max(last[record.task.skills[0]], *tries)
    return last


def _distance(record: TaskRecord, target: float) -> float:
    return round(abs(record.task.difficulty - target) + TRIED * record.decided + PASSED * bool(record.passes), 9)
