"""The kinds of events: what happened, in the words in which the log keeps it.

The log is the only truth. A kind is never changed in place: a new meaning gets a new kind or a new field with a
default, and FORMAT rises when an older program could no longer read the log.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.analysis import Analysis
from memory.assignment import Assignment, BlueprintToss
from memory.attempts import FROZEN, AttemptResult, AttemptSpec, SandboxFacts, Share
from memory.belogs import BELog
from memory.blueprints import Blueprint, BlueprintRevisionProposal, Family
from memory.evidence.logged import EvidenceMark, Predictions, TrialFigures
from memory.rule_origins import GivenSource, OneName
from memory.rules import ErrorClass, RuleId, RuleText, Standing
from memory.task_proposals import ChecksProposed, TaskProposed
from memory.tasks import Skill, Task, TaskId

FORMAT = 1

Slot = Literal["order", "wish", "drill", "explore", "review"]
"""Why a unit was given to a task: the given order, a person's wish, practice, something new, a check for forgetting."""
Count = Annotated[int, Field(ge=0)]


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
    """Of the run's seed as decimal text; the seed itself is told when the run has ended."""
    tasks: tuple[TaskId, ...] | None = None
    """What it could choose from, in order; None in older logs."""
    policy: Count = 0
    """By which version of the choice of tasks and of what is shown it decides (memory.decisions); 0 in older logs."""
    judge: Annotated[int, Field(ge=1)] = 1
    """Whose verdicts units that are decided from here on get (memory.attempts.JUDGE); 1 in older logs."""


class RunResumed(BaseModel):
    """The loop goes on with a run that ended without saying so: a crash, a power cut, a kill.

    It may be asked for other things than before: these hold from here on; None in older logs.
    """

    model_config = FROZEN

    kind: Literal["run_resumed"] = "run_resumed"
    run: Annotated[int, Field(ge=1)]
    sandbox: SandboxFacts | None = None
    settings: dict[str, str] | None = None
    tasks: tuple[TaskId, ...] | None = None
    policy: Count = 0
    judge: Annotated[int, Field(ge=1)] = 1


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


class RevisionProposed(BaseModel):
    """A changed way of working was proposed and is on trial from here on, as the `trial`-th of this memory.

    `base` is the key of the version that it is held against, `by` the model that wrote it, which took `tokens`.
    """

    model_config = FROZEN

    kind: Literal["revision_proposed"] = "revision_proposed"
    trial: Annotated[int, Field(ge=1)]
    proposal: BlueprintRevisionProposal
    blueprint: Blueprint
    base: str
    by: str
    tokens: Annotated[int, Field(ge=0)] = 0


class RevisionRefused(BaseModel):
    """A model was asked for a change of a family's way of working, and its answer was no use."""

    model_config = FROZEN

    kind: Literal["revision_refused"] = "revision_refused"
    family: Family
    why: str
    by: str
    tokens: Annotated[int, Field(ge=0)] = 0


class RevisionAdopted(BaseModel):
    """A revision is proven better on its own coin: its family is worked on with it from here on."""

    model_config = FROZEN

    kind: Literal["revision_adopted"] = "revision_adopted"
    trial: Annotated[int, Field(ge=1)]
    figures: TrialFigures


class RevisionDropped(BaseModel):
    """A trial ended without an adoption: the version before stays."""

    model_config = FROZEN

    kind: Literal["revision_dropped"] = "revision_dropped"
    trial: Annotated[int, Field(ge=1)]
    reason: Literal["worse", "hopeless", "suspended", "base changed"]
    why: str
    figures: TrialFigures | None = None


class BlueprintRolledBack(BaseModel):
    """A person took a version back: the one that was used before it is used again, and a trial against it ends."""

    model_config = FROZEN

    kind: Literal["blueprint_rolled_back"] = "blueprint_rolled_back"
    blueprint: str
    by: str


BlueprintWord = (
    BlueprintAdded | RevisionProposed | RevisionRefused | RevisionAdopted | RevisionDropped | BlueprintRolledBack
)
"""What happens to ways of working."""


class Decided(BaseModel):
    """A unit was decided: from here on it is finished with this spec and these coins, whatever happens.

    `forecast` is the probability of passing that the model of the Builder gave it, from the events before this one
    alone, with 12 significant digits; None for an ungraded task. `predictions` are what the evidence on what is learned
    is measured against, `evidence` what it had come to; None where no coin was tossed, and in older logs. `blueprint`
    is the coin between two ways of working; None where none is on trial.
    """

    model_config = FROZEN

    kind: Literal["decided"] = "decided"
    spec: AttemptSpec
    run: int
    why: str
    slot: Slot = "drill"
    forecast: Share | None = None
    assignment: Assignment | None = None
    predictions: Predictions | None = None
    evidence: EvidenceMark | None = None
    blueprint: BlueprintToss | None = None


class Finished(BaseModel):
    """A unit has its outcome; `mistakes` are the signatures of its failed turns, see memory.signatures."""

    model_config = FROZEN

    kind: Literal["finished"] = "finished"
    result: AttemptResult
    belog: BELog
    mistakes: tuple[str, ...] = ()


class Parked(BaseModel):
    """A decided unit waits, with its spec, for a fault or a stop to pass."""

    model_config = FROZEN

    kind: Literal["parked"] = "parked"
    unit_id: str
    reason: str


class Restarted(BaseModel):
    """A parked unit is being worked on again, with the spec that it had."""

    model_config = FROZEN

    kind: Literal["restarted"] = "restarted"
    unit_id: str


class Abandoned(BaseModel):
    """A unit is given up: the program died this many times while it was being worked on. Its outcome is missing."""

    model_config = FROZEN

    kind: Literal["abandoned"] = "abandoned"
    unit_id: str
    task_id: TaskId
    deaths: Annotated[int, Field(ge=1)]


class Quarantined(BaseModel):
    """A task is suspected of being broken: nobody passes it though it should not be hard. It is not chosen."""

    model_config = FROZEN

    kind: Literal["quarantined"] = "quarantined"
    task_id: TaskId
    why: str


class Validated(BaseModel):
    """A task was tried, for the first time or because it is suspected: only a sound one is chosen.

    `task_digest` says which text of it was tried before its first attempt (memory.digests); empty for a suspect, and in
    older logs.
    """

    model_config = FROZEN

    kind: Literal["validated"] = "validated"
    task_id: TaskId
    sound: bool
    why: str
    task_digest: str = ""


class RuleAdded(BaseModel):
    """A rule was brought in by a person; those of reflections are in `finished`.

    `source` says where the person has it from, `file` in which file it stood, empty for none.
    """

    model_config = FROZEN

    kind: Literal["rule_added"] = "rule_added"
    text: RuleText
    skills: tuple[Skill, ...] = ()
    error_classes: tuple[ErrorClass, ...] = ()
    by: str
    source: GivenSource = "person"
    file: OneName = ""


class RuleEdited(BaseModel):
    """A rule has a new version."""

    model_config = FROZEN

    kind: Literal["rule_edited"] = "rule_edited"
    rule: RuleId
    text: RuleText
    by: str


class RuleJudged(BaseModel):
    """A person's word on a rule, over all else."""

    model_config = FROZEN

    kind: Literal["rule_judged"] = "rule_judged"
    rule: RuleId
    standing: Standing
    by: str


class RuleMerged(BaseModel):
    """A person said that two rules say the same: proposals of the other's texts join the kept one from now on.

    What was counted and believed of the other stays with the other.
    """

    model_config = FROZEN

    kind: Literal["rule_merged"] = "rule_merged"
    kept: RuleId
    other: RuleId
    by: str


class RuleUnmerged(BaseModel):
    """A person took the merging of this rule into another back."""

    model_config = FROZEN

    kind: Literal["rule_unmerged"] = "rule_unmerged"
    rule: RuleId
    by: str


RuleWord = RuleAdded | RuleEdited | RuleJudged | RuleMerged | RuleUnmerged
"""What people say about rules."""


class Faulted(BaseModel):
    """Something failed that is no outcome of the Builder; logged when it begins, not each time it is met again."""

    model_config = FROZEN

    kind: Literal["faulted"] = "faulted"
    fault: str
    message: str


class Recovered(BaseModel):
    """What was away since the latest `faulted` is back, after `away_s` seconds."""

    model_config = FROZEN

    kind: Literal["recovered"] = "recovered"
    away_s: Annotated[float, Field(ge=0)]


class Paused(BaseModel):
    """A person wants nothing new begun; what is under way is finished."""

    model_config = FROZEN

    kind: Literal["paused"] = "paused"
    by: str


class Continued(BaseModel):
    """A person took the pause back, after `paused_s` seconds."""

    model_config = FROZEN

    kind: Literal["continued"] = "continued"
    by: str
    paused_s: Annotated[float, Field(ge=0)]


class TaskRequeued(BaseModel):
    """A person wants a known task tried again, before all that the Trainer would choose."""

    model_config = FROZEN

    kind: Literal["task_requeued"] = "task_requeued"
    task_id: TaskId
    by: str


class TaskPrioritised(BaseModel):
    """A person gave a task another priority among those that people wait for."""

    model_config = FROZEN

    kind: Literal["task_prioritised"] = "task_prioritised"
    task_id: TaskId
    priority: int
    by: str


RunWord = Paused | Continued | TaskRequeued | TaskPrioritised
"""What people say about a run and its tasks."""


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
    seed: Annotated[int, Field(ge=0)] | None = None
    """The run's seed, told now that all its coins are tossed."""
    evidence: EvidenceMark | None = None
    """What it had come to."""


Happening = Annotated[
    MemoryCreated
    | RunStarted
    | RunResumed
    | TaskAdded
    | TaskProposed
    | ChecksProposed
    | BlueprintAdded
    | RevisionProposed
    | RevisionRefused
    | RevisionAdopted
    | RevisionDropped
    | BlueprintRolledBack
    | Decided
    | Finished
    | Parked
    | Restarted
    | Abandoned
    | Quarantined
    | Validated
    | RuleAdded
    | RuleEdited
    | RuleJudged
    | RuleMerged
    | RuleUnmerged
    | Faulted
    | Recovered
    | Paused
    | Continued
    | TaskRequeued
    | TaskPrioritised
    | Analysed
    | RunEnded,
    Field(discriminator="kind"),
]


class Numbered(BaseModel):
    """What every line of a log has: its number, and when it was written (ISO 8601)."""

    model_config = FROZEN

    seq: Annotated[int, Field(ge=1)]
    at: str


class Event(Numbered):
    """One line of the log."""

    data: Happening
