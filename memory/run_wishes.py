"""What people may want of a run and of its tasks while it goes on, whether it can be done, and what was done."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN
from memory.events import Continued, Paused, RunWord, TaskPrioritised, TaskRequeued
from memory.state import MemoryState
from memory.tasks import TaskId
from utils.numbers import span_words

MOST_PRIORITY = 1000


class Pause(BaseModel):
    """Nothing new is to be begun."""

    model_config = FROZEN

    kind: Literal["pause"] = "pause"


class GoOn(BaseModel):
    """A pause is to end."""

    model_config = FROZEN

    kind: Literal["resume"] = "resume"


class Requeue(BaseModel):
    """A known task is to be tried again, before what the Trainer would choose."""

    model_config = FROZEN

    kind: Literal["requeue"] = "requeue"
    task: TaskId


class Prioritise(BaseModel):
    """A known task is to have this priority; the larger, the sooner."""

    model_config = FROZEN

    kind: Literal["priority"] = "priority"
    task: TaskId
    priority: Annotated[int, Field(ge=-MOST_PRIORITY, le=MOST_PRIORITY)]


AnyRunWish = Pause | GoOn | Requeue | Prioritise
RunWish = Annotated[AnyRunWish, Field(discriminator="kind")]


def why_not(state: MemoryState, wish: AnyRunWish) -> str:
    """Why the wish cannot be fulfilled; empty if it can."""
    match wish:
        case Pause() if state.run_ended:
            return "no run is under way that could be paused"
        case Pause() if state.paused_at:
            return f"the run has been paused since {state.paused_at}"
        case GoOn() if not state.paused_at:
            return "the run is not paused"
        case Requeue(task=task) | Prioritise(task=task) if task not in state.tasks:
            return f"there is no task {task}"
        case Requeue(task=task) if state.tasks[task].quarantined:
            return f"{task} is in quarantine: {state.tasks[task].quarantined}; mend it and add it again"
        case _:
            return ""


def event_of(state: MemoryState, wish: AnyRunWish, *, by: str, now: datetime) -> RunWord:
    """What the log says of it; only for a wish that can be fulfilled."""
    match wish:
        case Pause():
            return Paused(by=by)
        case GoOn():
            since = datetime.fromisoformat(state.paused_at)
            return Continued(by=by, paused_s=round(max(0.0, (now - since).total_seconds()), 3))
        case Requeue(task=task):
            return TaskRequeued(task_id=task, by=by)
        case Prioritise(task=task, priority=priority):
            return TaskPrioritised(task_id=task, priority=priority, by=by)


def in_words(word: RunWord) -> str:
    """What was done."""
    match word:
        case Paused():
            return "paused: what is under way is finished, nothing new is begun until `python utils/cli.py resume`"
        case Continued(paused_s=paused_s):
            return f"going on after a pause of {span_words(paused_s)}"
        case TaskRequeued(task_id=task):
            return f"{task} is in the queue again"
        case TaskPrioritised(task_id=task, priority=priority):
            return f"{task} has priority {priority} now"
