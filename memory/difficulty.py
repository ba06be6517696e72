"""How hard the next task of each skill should be, as the Trainer last saw it."""

from typing import Literal

from pydantic import BaseModel


class SkillTarget(BaseModel):
    """Where a skill's next task should lie, 0..1, and how many graded attempts that rests on."""

    target: float
    attempts: int


class CurrentDifficulty(BaseModel):
    """advanced/current_difficulty.json."""

    schema_version: Literal[1] = 1
    goal_pass_rate: float
    skills: dict[str, SkillTarget]
