"""How the Trainer shares out units: among the skills, and among practice, new tasks and checks for forgetting."""

from typing import Literal

from pydantic import BaseModel

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
    """What one kind of choice gets of the curriculum's units: as wanted, as it came, and in how many units."""

    wanted: Share
    so_far: Share
    units: int


class StrategyWeights(BaseModel):
    """advanced/strategy_weights.json: every main skill of a known task, and every kind of choice."""

    schema_version: Literal[1] = 1
    skills: dict[str, SkillWeight]
    slots: dict[str, SlotShare]
