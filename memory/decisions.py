"""Freezes a unit: everything that decides an attempt, before the Builder starts."""

from memory.attempts import AttemptLimits, AttemptSpec, Sampling
from memory.blueprints import Blueprint, Way
from memory.state import MemoryState
from utils.ids import derived, unit_id
from utils.settings import Settings

POLICY = 2
"""Goes up whenever a memory would be decided otherwise than before: what another policy decided cannot be verified."""


def freeze(  # noqa: PLR0913  all that a spec is made of
    state: MemoryState, task_id: str, settings: Settings, *, blueprint: Blueprint, model: str, sandbox: str, seed: int
) -> AttemptSpec:
    """The spec of the next unit.

    Args:
        state: what is remembered.
        task_id: the task that was chosen.
        settings: limits, and the sampling and repairs that the blueprint leaves to them.
        blueprint: the way of working.
        model: the model's name.
        sandbox: the kind of sandbox.
        seed: the run's; the unit's own is derived from it and the unit's id.
    """
    record = state.tasks[task_id]
    way, unit = blueprint.way, next_unit(state)
    return AttemptSpec(
        unit_id=unit,
        task_id=record.task.id,
        task_digest=record.digest,
        number=record.decided + 1,
        blueprint_id=blueprint.id,
        blueprint_version=blueprint.version,
        model=model,
        sampling=sampling_of(settings, way),
        seed=derived(seed, unit),
        limits=limits_of(settings),
        max_repairs=repairs_of(way, settings),
        sandbox=sandbox,
        guidance=way.guidance,
        plan_first=way.plan_first,
    )


def repairs_of(way: Way, settings: Settings) -> int:
    """How many repair turns there may be; who asks for one reply a unit gets one."""
    return settings.max_repairs if way.max_repairs is None or not settings.max_repairs else way.max_repairs


def next_unit(state: MemoryState) -> str:
    """The id of the unit that is decided next."""
    return unit_id(state.memory_id, state.decided + 1)


def sampling_of(settings: Settings, way: Way | None = None) -> Sampling:
    """How the model is asked, by what a way of working says and else as the settings do."""
    asked = settings.temperature if way is None or way.temperature is None else way.temperature
    return Sampling(temperature=asked, top_p=settings.top_p, max_tokens=settings.reply_tokens)


def limits_of(settings: Settings) -> AttemptLimits:
    """What one grading run may use."""
    return AttemptLimits(wall_s=settings.wall_s, cpu_s=settings.cpu_s, memory_mb=settings.memory_mb)
