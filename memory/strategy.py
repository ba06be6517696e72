"""How the Trainer shares out units: among the skills, and among practice, new tasks and checks for forgetting."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import Share


class SkillWeight(BaseModel):
    """How much of the practice a skill gets.

    Attributes:
        level: the skill's, 0..1.
        deficit: what it lacks; the weight before it is made a share.
        weight: its share of the practice, while all skills have tasks to choose.
    """

    level: Share
    deficit: Share
    weight: Share


class SlotShare(BaseModel):
    """What one kind of choice gets of the curriculum's units.

    Attributes:
        wanted: its share now, by what it brought.
        least: what it gets whatever it brings.
        so_far: its share of all units of the curriculum.
        units: how many these were.
        gain: what its latest attempts brought, each: how far they moved the levels, 0..1, of the skills that they
            practised, on average; older ones count less. None before one was graded.
    """

    wanted: Share
    least: Share
    so_far: Share
    units: int
    gain: Annotated[float, Field(allow_inf_nan=False)] | None


class StrategyWeights(BaseModel):
    """advanced/strategy_weights.json: every main skill of a known task, and every kind of choice."""

    schema_version: Literal[1] = 1
    skills: dict[str, SkillWeight]
    slots: dict[str, SlotShare]
