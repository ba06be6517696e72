"""Which tasks may be chosen now, and what an attempt at them is expected to be."""

from collections.abc import Collection, Iterator
from typing import Literal

from memory.builder_model import Belief, expected_logit, logistic
from memory.records import Circumstances, TaskRecord
from memory.state import MemoryState
from memory.tasks import Task

DEAD_FAILS = 3
DEAD_BELOW = 0.2

Closed = Literal["", "dead end", "in quarantine", "ungraded", "abandoned"]
"""Why a task is not worth another try; empty if it is."""


class Candidates:
    """The tasks of a run at one moment; reads what is remembered and holds it no longer than a choice takes."""

    def __init__(self, state: MemoryState, pool: Collection[str], *, model: str) -> None:
        """`pool`: ids of the run's tasks; the Trainer's new ones join it, and people's graded ones once tried."""
        self._state, self._pool, self._model = state, pool, model
        self._busy = {flight.task.id for flight in state.in_flight.values() if flight.spec.model == model}
        self._abilities: dict[tuple[str, ...], Belief] = {}
        self._leads: dict[tuple[str, ...], float] = {}

    def skills(self) -> list[str]:
        """The main skills of the run's tasks."""
        return [
            skill
            for skill, tasks in self._state.by_skill.items()
            if any(self._takes_part(self._state.tasks[task]) for task in tasks)
        ]

    def of(self, skill: str, *, without: str = "") -> Iterator[TaskRecord]:
        """The tasks of this main skill that may be chosen, leaving out one."""
        for task in self._state.by_skill[skill]:
            record = self._state.tasks[task]
            if task not in self._busy and task != without and self._takes_part(record) and not self.why_closed(record):
                yield record

    def wishes(self) -> Iterator[TaskRecord]:
        """Tasks that people want tried again, then theirs that were never tried, in the order in which they came."""
        for task in self._state.requeued:
            record = self._state.tasks[task]
            if not record.quarantined and task not in self._busy:
                yield record
        for task, record in self._state.wishes.items():
            wanted = not record.decided and task not in self._state.requeued
            if wanted and not record.quarantined and task not in self._busy:
                yield record

    @property
    def requeued(self) -> Collection[str]:
        """Tasks that people want tried again."""
        return self._state.requeued

    def closed(self) -> Iterator[Closed]:
        """For each task of the run that is not being worked on and not worth another try, why."""
        for skill in self.skills():
            for record in (self._state.tasks[task] for task in self._state.by_skill[skill]):
                if record.task.id not in self._busy and self._takes_part(record) and (why := self.why_closed(record)):
                    yield why

    def expected(self, task: Task) -> float:
        """The probability of passing without anything learned in the prompt, 0..1.

        The same as `Learning.expected`, with the abilities of each set of skills read once.
        """
        return logistic(self._logit(task))

    def likely(self, task: Task) -> float:
        """The same as outcomes have lately borne it out in the task's skills; what practice aims with."""
        lead = self._leads.get(task.skills)
        if lead is None:
            lead = self._leads[task.skills] = self._state.learning.leads.of(task.skills)
        return logistic(self._logit(task) + lead)

    def _logit(self, task: Task) -> float:
        ability = self._abilities.get(task.skills)
        if ability is None:
            ability = self._abilities[task.skills] = self._ability(task.skills)
        hard = self._state.learning.model.difficulty(task.id, declared=task.difficulty)
        return expected_logit(ability.mean - hard.mean, ability.variance + hard.variance)

    def as_it_was(self, task: Task) -> float:
        """The same had the task's skills never changed; what a check for a fall goes by."""
        return self._state.learning.as_it_was(task, self.expected(task))

    def why_closed(self, record: TaskRecord) -> Closed:
        """Why a task is not worth another try."""
        if record.quarantined:
            return "in quarantine"
        if record.attempts and not record.task.graded:
            return "ungraded"
        if record.abandoned > record.attempts and record.abandoned_under == self._circumstances(record):
            return "abandoned"  # more units ended the program than had an outcome
        return "dead end" if self._is_dead_end(record) else ""

    def _is_dead_end(self, record: TaskRecord) -> bool:
        if record.fails_in_a_row < DEAD_FAILS or self.expected(record.task) >= DEAD_BELOW:
            return False
        return record.failed_under == self._circumstances(record)

    def _circumstances(self, record: TaskRecord) -> Circumstances:
        return self._state.circumstances(record.task, model=self._model)

    def _takes_part(self, record: TaskRecord) -> bool:
        task = record.task.id
        if task in self._pool or task in self._state.run_generated:
            return True
        return bool(record.attempts) and record.task.graded and task in self._state.wishes

    def _ability(self, skills: tuple[str, ...]) -> Belief:
        beliefs = [self._state.learning.model.ability(skill) for skill in skills]
        share = 1.0 / len(skills)
        return Belief(
            share * sum(each.mean for each in beliefs), share * share * sum(each.variance for each in beliefs)
        )
