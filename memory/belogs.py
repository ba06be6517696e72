"""The Blueprint Execution Log of one attempt."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Seconds, Share, UnitId


class ExecutionContext(BaseModel):
    """What the attempt ran with."""

    model_config = FROZEN

    model: str
    sandbox: str
    sandbox_safe: bool
    temperature: float
    max_repairs: int
    shown_rules: tuple[str, ...]
    shown_belogs: tuple[str, ...]


class ExecutionTime(BaseModel):
    """Where the time went, in seconds."""

    model_config = FROZEN

    model_s: Seconds
    sandbox_s: Seconds
    total_s: Seconds


class FileChange(BaseModel):
    """A file that the attempt wrote, against the turn before (or against nothing)."""

    model_config = FROZEN

    path: str
    lines_added: Annotated[int, Field(ge=0)]
    lines_removed: Annotated[int, Field(ge=0)]


class EncounteredError(BaseModel):
    """Something that went wrong in one turn.

    `message` is for people. `told` is what prompts may say of it: nothing of checks that decide unseen; None in logs
    that are older than that.
    """

    model_config = FROZEN

    turn: int
    error_class: str
    message: str
    told: str | None = None


class BELog(BaseModel):
    """One attempt for later readers; each field is computed from what happened (builder-facing names are the user's).

    Attributes:
        timestamp: when the attempt finished, ISO 8601 UTC.
        blueprint_id: the way of working.
        blueprint_version: its version.
        execution_context: model, sandbox, settings, what was shown.
        task_id: the task.
        task_name: its title.
        expected_outcome: what would have been a success, in words.
        execution_time: model, sandbox, all.
        files_changed: code files of all turns.
        dependencies_affected: modules that the last code imports, sorted.
        pipeline_connections: other tasks of this memory that practise the same main skill, nearest difficulty first,
            at most 5.
        errors_encountered: of all turns, in order, at most 20.
        success: None for an ungraded task, and where there is no verdict: then the last of `errors_encountered`, of the
            class "no verdict", says why.
        efficiency_score: 0..100 against past attempts at the task and at those of its main skill in the same fifth of
            difficulty, by tokens, turns and total time; 50 means like the past, or no past; see memory.efficiency.
        improvement_suggestions: the reflection's lesson, and what was measured: a slower or more complex solution
            than the reference, its poor habits, turns lost to replies without code.
        potential_breakage_risk: 0..1, how likely a task of these skills that has been passed fails when it is tried
            again: (failures after a pass + 1) / (attempts after a pass + 2) over the task's skills.
        cross_check_required: whether this attempt failed a task that was passed before, or passed one that shares
            its main skill with a task that fails after having been passed; or was made with a changed blueprint while
            tasks that passed before the change still wait to be tried with it.
        execution_trace_id: the unit's id; finds its events, replies and code.
        previous_attempts: units that tried the task before, newest first, at most 10.
    """

    model_config = FROZEN

    schema_version: Literal[1] = 1
    timestamp: str
    blueprint_id: str
    blueprint_version: int
    execution_context: ExecutionContext
    task_id: str
    task_name: str
    expected_outcome: str
    execution_time: ExecutionTime
    files_changed: tuple[FileChange, ...]
    dependencies_affected: tuple[str, ...]
    pipeline_connections: tuple[str, ...]
    errors_encountered: tuple[EncounteredError, ...]
    success: bool | None
    efficiency_score: Annotated[float, Field(ge=0, le=100)]
    improvement_suggestions: tuple[str, ...]
    potential_breakage_risk: Share
    cross_check_required: bool
    execution_trace_id: UnitId
    previous_attempts: tuple[str, ...]
