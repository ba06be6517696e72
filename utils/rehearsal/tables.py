"""The tables of a truths file, with their ranges; truths.toml documents each field."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SLACK = 1e-6
"""How far shares may be from adding up to 1."""

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Logit = Annotated[float, Field(strict=True, ge=-10, le=10, allow_inf_nan=False)]


class BugKind(StrEnum):
    """The ways in which a reply can be wrong; truths.toml says what each means."""

    MUTATION = "mutation"
    FORGOTTEN_CASE = "forgotten_case"
    WRONG_TYPE = "wrong_type"
    MISSING_IMPORT = "missing_import"
    WRONG_NAME = "wrong_name"
    SYNTAX_ERROR = "syntax_error"
    ENDLESS_LOOP = "endless_loop"
    SLOW = "slow"
    PROSE = "prose"
    TRUNCATED = "truncated"


class Fence(StrEnum):
    """How code stands in a reply."""

    PYTHON = "python"
    PY = "py"
    PLAIN = "plain"
    NONE = "none"


class Table(BaseModel):
    """A table that refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Shares(Table):
    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(self.model_dump().values())
        if abs(total - 1) > SLACK:
            raise ValueError(f"the shares add up to {total:.6g}, not to 1")
        return self


class BugShares(_Shares):
    """Shares of the kinds of bugs among wrong answers."""

    mutation: Share
    forgotten_case: Share
    wrong_type: Share
    missing_import: Share
    wrong_name: Share
    syntax_error: Share
    endless_loop: Share
    slow: Share
    prose: Share
    truncated: Share

    def by_kind(self) -> dict[BugKind, float]:
        """The shares by kind."""
        return {kind: getattr(self, kind.value) for kind in BugKind}


class FenceShares(_Shares):
    """Shares of the ways in which code stands in a reply."""

    python: Share
    py: Share
    plain: Share
    none: Share

    def by_fence(self) -> dict[Fence, float]:
        """The shares by kind of fence."""
        return {fence: getattr(self, fence.value) for fence in Fence}


class Ability(Table):
    """Ability by skill, in logits; `other` is every skill's that is not listed."""

    other: Logit
    skills: Mapping[str, Logit]


class Repair(Table):
    """What repair turns do."""

    bonus_per_turn: Logit
    bonus_with_evidence: Logit
    same_code: Share


class Habit(Table):
    """How often a wrong answer is the task's own habitual mistake."""

    share: Share


class Style(Table):
    """How replies with code are written."""

    think: Share
    restyled: Share
    fences: FenceShares


class Reflection(Table):
    """How reflections are written."""

    broken: Share
    no_rule: Share
    fenced: Share


class PlantedRule(Table):
    """What a rule does when its text stands in the prompt, in logits."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    effect: Logit
    in_skill: Mapping[str, Logit] = Field(default_factory=dict)


class Drift(Table):
    """How abilities change by themselves from unit to unit, whatever is learned."""

    bound: Annotated[float, Field(strict=True, ge=0, le=10, allow_inf_nan=False)] = 0.0
    """The most that a skill gains or loses in all, in logits."""
    skills: Mapping[str, Logit] = Field(default_factory=dict)
    """Logits in 100 units, by skill; the other skills stay as they are."""


class Loss(Table):
    """A skill that is lost all at once, and not learned again."""

    skill: Annotated[str, Field(min_length=1, max_length=50)]
    from_unit: Annotated[int, Field(strict=True, ge=1)]
    """The first unit of the memory that is without it."""
    logits: Annotated[float, Field(strict=True, ge=0, le=10, allow_inf_nan=False)]


class Recall(Table):
    """What an earlier attempt that the prompt tells of is worth, in logits, by the task that it was an attempt at."""

    same_task: Logit = 0.0
    same_skill: Logit = 0.0
    other: Logit = 0.0
