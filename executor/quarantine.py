"""Tasks that may be broken: put aside, tried with their own reference, and chosen again if that passes."""

from collections.abc import Callable
from typing import Protocol

import structlog

from executor.runner import guarded
from memory.attempts import AttemptLimits
from memory.events import Quarantined, Validated
from memory.memory_manager import MemoryManager
from memory.records import UNJUDGED
from memory.tasks import Task

log = structlog.get_logger()


class FindsFlaws(Protocol):
    """Tells whether a task can be passed."""

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """Why it cannot; empty if it can."""
        ...


class Quarantine:
    """Says in the log which tasks are not to be chosen."""

    def __init__(
        self, memory: MemoryManager, assess: FindsFlaws, limits: AttemptLimits, note: Callable[[str], None]
    ) -> None:
        """`note` tells a person."""
        self._memory, self._assess, self._limits, self._note = memory, assess, limits, note

    def put(self, task: Task, why: str) -> None:
        """Put a task aside and try it."""
        self._memory.append([Quarantined(task_id=task.id, why=why)])
        self._validate(task)

    def validate_all(self) -> None:
        """Try those that were put aside while the sandbox was away."""
        for record in [each for each in self._memory.state.tasks.values() if each.awaits_validation]:
            self._validate(record.task)

    def _validate(self, task: Task) -> None:
        ended = guarded(task.id, lambda: self._assess.flaw(task, self._limits))
        if ended.value is None:
            log.warning("task.not_validated", task=task.id, why=str(ended.fault))
            return
        flaw, record = ended.value, self._memory.state.tasks[task.id]
        if flaw and record.quarantined.startswith(UNJUDGED):
            flaw = f"{record.quarantined}; {flaw}"
        self._memory.append([Validated(task_id=task.id, sound=not flaw, why=flaw or "its own reference passes")])
        if flaw:
            tried = "" if record.passes else "nobody passed it, and "
            self._note(f"{task.id} is not tried any more: {tried}{flaw}")
