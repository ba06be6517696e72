"""Tasks that may be broken: tried before they count, put aside, and chosen again if their own reference passes."""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

import structlog

from executor.runner import guarded
from memory.attempts import AttemptLimits
from memory.events import Quarantined, Validated
from memory.memory_manager import MemoryManager
from memory.records import UNJUDGED
from memory.tasks import Task
from utils.errors import Fault

log = structlog.get_logger()

PATIENT_FAULTS = 3
"""After so many trials of a task that could not be made it is worked on as it is: an attempt says what is away."""
FOUND_SOUND = "it was tried before its first attempt"


class FindsFlaws(Protocol):
    """Tells whether a task can be passed."""

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """Why it cannot; empty if it can."""
        ...

    def trial(self, task: Task, limits: AttemptLimits) -> str | None:
        """What is wrong with a task that was never tried; empty if nothing was found, None if nothing is ever run."""
        ...


class Quarantine:
    """Says in the log which tasks are not to be chosen."""

    def __init__(
        self, memory: MemoryManager, assess: FindsFlaws, limits: AttemptLimits, note: Callable[[str], None]
    ) -> None:
        """`note` tells a person."""
        self._memory, self._assess, self._limits, self._note = memory, assess, limits, note
        self._faults: Counter[str] = Counter()

    def wants_trial(self, task: Task) -> bool:
        """Whether the task has to be tried before it is attempted."""
        return self._memory.state.tasks[task.id].is_untried and self._faults[task.id] < PATIENT_FAULTS

    def try_first(self, task: Task) -> Fault | None:
        """Try a task that was never tried, and put it aside if it is no use; the fault if it could not be tried."""
        ended = guarded(task.id, lambda: self._assess.trial(task, self._limits))
        if ended.value is None:
            self._faults[task.id] += 1 if ended.fault else PATIENT_FAULTS
            if ended.fault:
                log.warning("task.not_tried", task=task.id, why=str(ended.fault))
            return ended.fault
        flaw, digest = ended.value, self._memory.state.tasks[task.id].digest
        tried = Validated(task_id=task.id, sound=not flaw, why=flaw or FOUND_SOUND, task_digest=digest)
        self._memory.append([Quarantined(task_id=task.id, why=flaw), tried] if flaw else [tried])
        if flaw:
            self._note(f"{task.id} is set aside before its first attempt: {flaw}")
        return None

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
