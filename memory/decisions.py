"""Freezes a unit: everything that decides an attempt, before the Builder starts."""

from memory.attempts import AttemptLimits, AttemptSpec, Sampling
from memory.blueprints import DEFAULT_ID
from memory.state import MemoryState
from utils.ids import derived, unit_id
from utils.settings import Settings


def freeze(state: MemoryState, task_id: str, settings: Settings, *, model: str, sandbox: str, seed: int) -> AttemptSpec:
    """The spec of the next unit.

    Args:
        state: what is remembered.
        task_id: the task that was chosen.
        settings: limits, sampling and repairs.
        model: the model's name.
        sandbox: the kind of sandbox.
        seed: the run's; the unit's own is derived from it and the unit's id.
    """
    record = state.tasks[task_id]
    blueprint = state.blueprints[DEFAULT_ID][-1]
    unit = unit_id(state.memory_id, state.decided + 1)
    return AttemptSpec(
        unit_id=unit,
        task_id=record.task.id,
        task_digest=record.digest,
        number=record.decided + 1,
        blueprint_id=blueprint.id,
        blueprint_version=blueprint.version,
        model=model,
        sampling=sampling_of(settings),
        seed=derived(seed, unit),
        limits=limits_of(settings),
        max_repairs=settings.max_repairs,
        sandbox=sandbox,
    )


def sampling_of(settings: Settings) -> Sampling:
    """How the model is asked."""
    return Sampling(temperature=settings.temperature, top_p=settings.top_p, max_tokens=settings.reply_tokens)


def limits_of(settings: Settings) -> AttemptLimits:
    """What one grading run may use."""
    return AttemptLimits(wall_s=settings.wall_s, cpu_s=settings.cpu_s, memory_mb=settings.memory_mb)
