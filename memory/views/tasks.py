"""task_memory/: the queue of wishes, and for each task what is known of it and what was reflected on it."""

from collections import deque
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from memory.attempts import FITS_ONLY_SHOWN, OLD_JUDGE, OUTCOME_WORDS, Reflection, is_judged
from memory.events import Abandoned, Event, Finished, TaskAdded, TaskPrioritised, TaskRequeued
from memory.state import MemoryState
from memory.task_proposals import ChecksProposed
from memory.tasks import Task
from memory.views.view import Document
from utils.files import file_stem

QUEUE_SHOWN = 200
WINDOW = 20


class QueueEntry(BaseModel):
    """A task that a person asked for, or asked to be tried again, and that has no outcome since."""

    task_id: str
    name: str
    priority: int
    difficulty: float
    graded: bool


class TaskQueue(BaseModel):
    """What people asked for, the most urgent first; at most 200 are shown."""

    schema_version: Literal[1] = 1
    waiting: int
    tasks_known: int
    first: tuple[QueueEntry, ...]


class AttemptEntry(BaseModel):
    """One attempt at a task.

    `judge` gave its verdict, see memory.attempts.JUDGE, 0 if none did; `why_none` says why there is no verdict.
    """

    unit_id: str
    at: str
    outcome: str
    turns: int
    points: float | None
    ended: str
    judge: int = 0
    fits_only_shown: bool = False
    why_none: str = ""

    @property
    def words(self) -> str:
        """What became of it, and which judge said so if it was the old one."""
        told = OUTCOME_WORDS.get(self.outcome, self.outcome)
        details = [FITS_ONLY_SHOWN] if self.fits_only_shown else [self.why_none] if self.why_none else []
        details += [OLD_JUDGE] if self.judge == 1 and is_judged(self.outcome) else []
        return f"{told} ({', '.join(details)})" if details else told


class TaskMemory(BaseModel):
    """One task and its latest 20 attempts; the whole history is in events/."""

    schema_version: Literal[1] = 1
    task: Task
    attempts: int
    passes: int
    first_passes: int
    best_points: float
    latest: tuple[AttemptEntry, ...]
    proposed: Task | None = None
    """The task as it would be with the checks that the model proposed for it and that wait to be confirmed."""


class ReflectionEntry(BaseModel):
    """What the Builder said after one attempt."""

    unit_id: str
    at: str
    outcome: str
    reflection: Reflection


class ReflectionMemory(BaseModel):
    """The latest 20 reflections on one task."""

    schema_version: Literal[1] = 1
    task_id: str
    total: int
    latest: tuple[ReflectionEntry, ...]


def task_file(task_id: str) -> str:
    """Where a task's document is, below the memory's folder; never the queue's place."""
    return f"task_memory/task_{file_stem(task_id, reserved='queue')}.json"


class QueueView:
    """task_memory/task_queue.json."""

    def __init__(self) -> None:
        self._waiting: dict[str, Task] = {}
        self._known = 0
        self._dirty = False

    def fold(self, event: Event, state: MemoryState) -> None:
        """A user's task waits until its first outcome."""
        self._dirty = self._dirty or event.seq == 1
        match event.data:
            case TaskAdded(task=task):
                self._known = len(state.tasks)
                if task.origin == "user" and not state.tasks[task.id].attempts:
                    self._waiting[task.id] = task
                self._dirty = True
            case TaskPrioritised(task_id=task_id) if task_id in self._waiting:
                self._waiting[task_id] = state.tasks[task_id].task
                self._dirty = True
            case TaskRequeued(task_id=task_id):
                self._waiting[task_id] = state.tasks[task_id].task
                self._dirty = True
            case Finished(belog=belog) if self._waiting.pop(belog.task_id, None) is not None:
                self._dirty = True
            case Abandoned(task_id=task_id) if self._waiting.pop(task_id, None) is not None:
                self._dirty = True
            case _:
                pass

    def changed(self) -> Iterator[Document]:
        """The queue, if it changed."""
        if self._dirty:
            first = sorted(self._waiting.values(), key=lambda task: -task.priority)[:QUEUE_SHOWN]
            entries = tuple(
                QueueEntry(
                    task_id=task.id,
                    name=task.name,
                    priority=task.priority,
                    difficulty=task.difficulty,
                    graded=task.graded,
                )
                for task in first
            )
            body = TaskQueue(waiting=len(self._waiting), tasks_known=self._known, first=entries)
            yield Document("task_memory/task_queue.json", body)
        self._dirty = False


class TaskMemoryView:
    """task_memory/task_*.json."""

    def __init__(self) -> None:
        self._latest: dict[str, deque[AttemptEntry]] = {}
        self._state = MemoryState()
        self._dirty: dict[str, None] = {}

    def fold(self, event: Event, state: MemoryState) -> None:
        """Tasks appear, and gain attempts."""
        self._state = state
        match event.data:
            case TaskAdded(task=task) | ChecksProposed(task=task):
                self._dirty[task.id] = None
            case TaskPrioritised(task_id=task_id):
                self._dirty[task_id] = None
            case Finished(result=result, belog=belog):
                entry = AttemptEntry(
                    unit_id=result.unit_id,
                    at=event.at,
                    outcome=result.outcome,
                    turns=len(result.turns),
                    points=result.score.points if result.score else None,
                    ended=result.ended,
                    judge=result.judge,
                    fits_only_shown=result.fits_only_shown,
                    why_none=result.why_none,
                )
                self._latest.setdefault(belog.task_id, deque(maxlen=WINDOW)).append(entry)
                self._dirty[belog.task_id] = None
            case _:
                pass

    def changed(self) -> Iterator[Document]:
        """The tasks that appeared or gained an attempt."""
        for task_id in self._dirty:
            record = self._state.tasks[task_id]
            body = TaskMemory(
                task=record.task,
                attempts=record.attempts,
                passes=record.passes,
                first_passes=record.first_passes,
                best_points=record.best_points,
                latest=tuple(self._latest.get(task_id, ())),
                proposed=self._state.proposals.drafts.get(task_id),
            )
            yield Document(task_file(task_id), body)
        self._dirty = {}


class ReflectionView:
    """task_memory/reflection_*.json."""

    def __init__(self) -> None:
        self._latest: dict[str, deque[ReflectionEntry]] = {}
        self._totals: dict[str, int] = {}
        self._dirty: dict[str, None] = {}

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take the reflection of a finished unit, usable or not."""
        del state
        if not isinstance(event.data, Finished) or event.data.result.reflection is None:
            return
        result, task_id = event.data.result, event.data.belog.task_id
        assert result.reflection is not None
        entry = ReflectionEntry(
            unit_id=result.unit_id, at=event.at, outcome=result.outcome, reflection=result.reflection
        )
        self._latest.setdefault(task_id, deque(maxlen=WINDOW)).append(entry)
        self._totals[task_id] = self._totals.get(task_id, 0) + 1
        self._dirty[task_id] = None

    def changed(self) -> Iterator[Document]:
        """The tasks with a new reflection."""
        for task_id in self._dirty:
            body = ReflectionMemory(task_id=task_id, total=self._totals[task_id], latest=tuple(self._latest[task_id]))
            yield Document(f"task_memory/reflection_{file_stem(task_id)}.json", body)
        self._dirty = {}
