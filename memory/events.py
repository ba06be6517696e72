"""The kinds of events: what happened, in the words in which the log keeps it.

The log is the only truth. A kind is never changed in place: a new meaning gets a new kind or a new field with a
default, and FORMAT rises when an older program could no longer read the log.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.analysis import Analysis
from memory.attempts import FROZEN, AttemptResult, AttemptSpec, SandboxFacts
from memory.belogs import BELog
from memory.blueprints import Blueprint
from memory.tasks import Task

FORMAT = 1


class MemoryCreated(BaseModel):
    """The first event of every memory."""

    model_config = FROZEN

    kind: Literal["memory_created"] = "memory_created"
    format: int
    memory_id: str


class RunStarted(BaseModel):
    """The loop began; `settings` holds what the person asked for, without secrets."""

    model_config = FROZEN

    kind: Literal["run_started"] = "run_started"
    run: Annotated[int, Field(ge=1)]
    model: str
    simulated: bool
    sandbox: SandboxFacts
    settings: dict[str, str]
    seed_sha256: str


class RunResumed(BaseModel):
    """The loop goes on with a run that ended without saying so: a crash, a power cut, a kill."""

    model_config = FROZEN

    kind: Literal["run_resumed"] = "run_resumed"
    run: Annotated[int, Field(ge=1)]


class TaskAdded(BaseModel):
    """A task became known, or known differently; `by` is who brought it."""

    model_config = FROZEN

    kind: Literal["task_added"] = "task_added"
    task: Task
    by: str


class BlueprintAdded(BaseModel):
    """A version of a way of working."""

    model_config = FROZEN

    kind: Literal["blueprint_added"] = "blueprint_added"
    blueprint: Blueprint


class Decided(BaseModel):
    """A unit was decided: from here on it is finished with this spec, whatever happens."""

    model_config = FROZEN

    kind: Literal["decided"] = "decided"
    spec: AttemptSpec
    run: int
    why: str


class Finished(BaseModel):
    """A unit has its outcome."""

    model_config = FROZEN

    kind: Literal["finished"] = "finished"
    result: AttemptResult
    belog: BELog


class Parked(BaseModel):
    """A decided unit waits, with its spec, for a fault or a stop to pass."""

    model_config = FROZEN

    kind: Literal["parked"] = "parked"
    unit_id: str
    reason: str


class Faulted(BaseModel):
    """Something failed that is no outcome of the Builder; logged when it begins, not each time it is met again."""

    model_config = FROZEN

    kind: Literal["faulted"] = "faulted"
    fault: str
    message: str


class Analysed(BaseModel):
    """The Trainer looked at what is remembered."""

    model_config = FROZEN

    kind: Literal["analysed"] = "analysed"
    analysis: Analysis


class RunEnded(BaseModel):
    """The loop ended, and why."""

    model_config = FROZEN

    kind: Literal["run_ended"] = "run_ended"
    run: int
    reason: str
    units: Annotated[int, Field(ge=0)]


Happening = Annotated[
    MemoryCreated
    | RunStarted
    | RunResumed
    | TaskAdded
    | BlueprintAdded
    | Decided
    | Finished
    | Parked
    | Faulted
    | Analysed
    | RunEnded,
    Field(discriminator="kind"),
]


class Event(BaseModel):
    """One line of the log."""

    model_config = FROZEN

    seq: Annotated[int, Field(ge=1)]
    at: str
    data: Happening
