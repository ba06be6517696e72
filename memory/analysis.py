"""What the Trainer saw when it looked at the memory."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share


class SkillFinding(BaseModel):
    """One skill by its pass record; `low` and `high` are the 95 % Wilson interval of the pass rate."""

    model_config = FROZEN

    skill: str
    attempts: Annotated[int, Field(ge=0)]
    pass_rate: Share
    low: Share
    high: Share
    recent_pass_rate: Share
    """Of the last 10 attempts."""
    target_difficulty: Share


class ErrorFinding(BaseModel):
    """A class of errors, how often it ended an attempt, and one example."""

    model_config = FROZEN

    error_class: str
    count: Annotated[int, Field(ge=1)]
    example_task: str
    example: str


class Analysis(BaseModel):
    """A look at the whole memory, in numbers and in words.

    `weakest` is the skill with the lowest upper bound of its pass rate's interval: the one that is surely weak before
    the one that is perhaps weak. None while nothing was tried.
    """

    model_config = FROZEN

    schema_version: Literal[1] = 1
    number: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=0)]
    pass_rate: Share
    skills: tuple[SkillFinding, ...]
    errors: tuple[ErrorFinding, ...]
    weakest: str | None
    summary: str
