"""How hard the next task of each skill should be, as the model of the Builder sees it."""

from typing import Literal

from pydantic import BaseModel

from memory.attempts import Share
from memory.levels import Level


class SkillTarget(BaseModel):
    """Where a skill's next task should lie.

    Attributes:
        target: the declared difficulty, 0..1, at which the goal rate is expected.
        low: lower end of its 95 % interval.
        high: upper end.
        level: the skill's, which the target follows from.
        attempts: graded ones that it rests on.
    """

    target: Share
    low: Share
    high: Share
    level: Level
    attempts: int


class Band(BaseModel):
    """The pass rates at which a task is worth an attempt."""

    low: Share
    high: Share


class CurrentDifficulty(BaseModel):
    """advanced/current_difficulty.json: every skill that was practised on graded tasks."""

    schema_version: Literal[1] = 1
    goal_pass_rate: Share
    band: Band
    skills: dict[str, SkillTarget]
