"""The planted truths of the rehearsal model: what its odds are, and what an analysis of its answers should find."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from utils.errors import InputError
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import KnownTask
from utils.text import one_line

DEFAULT_PATH = Path(__file__).with_name("truths.toml")
MAX_BYTES = 1_000_000
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


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Shares(_Table):
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


class Ability(_Table):
    """Ability by skill, in logits; `other` is every skill's that is not listed."""

    other: Logit
    skills: Mapping[str, Logit]


class Repair(_Table):
    """What repair turns do."""

    bonus_per_turn: Logit
    bonus_with_evidence: Logit
    same_code: Share


class Habit(_Table):
    """How often a wrong answer is the task's own habitual mistake."""

    share: Share


class Style(_Table):
    """How replies with code are written."""

    think: Share
    restyled: Share
    fences: FenceShares


class Reflection(_Table):
    """How reflections are written."""

    broken: Share
    no_rule: Share
    fenced: Share


class PlantedRule(_Table):
    """What a rule does when its text stands in the prompt, in logits."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    effect: Logit
    in_skill: Mapping[str, Logit] = Field(default_factory=dict)


class Truths(_Table):
    """Everything that the rehearsal model's odds depend on; truths.toml documents each field."""

    schema_version: Literal[1]
    latency_s: Annotated[float, Field(strict=True, ge=0, le=600, allow_inf_nan=False)]
    difficulty_slope: Annotated[float, Field(strict=True, ge=0, le=20, allow_inf_nan=False)]
    offset_sd: Annotated[float, Field(strict=True, ge=0, le=5, allow_inf_nan=False)]
    offset_seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)]
    ability: Ability
    offsets: Mapping[str, Logit]
    repair: Repair
    bugs: BugShares
    habit: Habit
    style: Style
    reflection: Reflection
    rules: Annotated[tuple[PlantedRule, ...], Field(max_length=1000)] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """The truths of a TOML file.

        Raises:
            InputError: the file cannot be read, is no TOML, or holds something unknown, missing or out of range;
                one line that names the file and the first thing that is wrong.
        """
        return cls._from_text(_read(path), path)

    @classmethod
    def default(cls) -> Self:
        """The truths that are shipped, from truths.toml."""
        return cls.load(DEFAULT_PATH)

    @classmethod
    def _from_text(cls, text: str, path: Path) -> Self:
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"truths file {path} is no TOML: {one_line(str(error))}") from error
        except ValidationError as error:
            raise InputError(f"truths file {path}: {_first_wrong(error)}") from error

    def ability_of(self, skill: str) -> float:
        """The planted ability in a skill, in logits."""
        return self.ability.skills.get(skill, self.ability.other)

    def weakest_skills(self, skills: Sequence[str] | None = None) -> tuple[str, ...]:
        """The given skills (or all that the file lists), the weakest first, ties in alphabetical order."""
        names = self.ability.skills if skills is None else set(skills)
        return tuple(sorted(names, key=lambda skill: (self.ability_of(skill), skill)))

    def offset(self, task: KnownTask) -> float:
        """How much easier (above 0) the task is than its skills and difficulty say, in logits; in all runs the same."""
        if task.id in self.offsets:
            return self.offsets[task.id]
        return Draws("offset", self.offset_seed, task.id).normal(self.offset_sd)

    def rule_effect(self, task: KnownTask, rules: Sequence[PlantedRule]) -> float:
        """What the shown rules do to the task's odds together, in logits."""
        return sum(rule.effect + _mean([rule.in_skill.get(skill, 0.0) for skill in task.skills]) for rule in rules)

    def pass_probability(
        self, task: KnownTask, turn: int = 0, *, evidence: bool = False, rules: Sequence[PlantedRule] = ()
    ) -> float:
        """The probability, in (0, 1), that one reply is intended to be right.

        p = 1 / (1 + exp(-L)) with L = mean ability of the task's skills - difficulty_slope * (difficulty - 0.5)
        + offset(task) + bonus_per_turn * turn + (bonus_with_evidence if turn > 0 and evidence)
        + rule_effect(task, rules). Each reply of a unit is a draw of its own. A wrong answer may pass by luck, so
        measured rates lie slightly above.

        Args:
            task: what is asked for.
            turn: repair turns so far, this one included; 0 is the first try.
            evidence: whether the message that asks for the repair shows what was expected and what came.
            rules: the planted rules whose texts stand in the prompt.
        """
        logit = _mean([self.ability_of(skill) for skill in task.skills]) + self.offset(task)
        logit -= self.difficulty_slope * (task.difficulty - 0.5)
        logit += self.repair.bonus_per_turn * turn + self.repair.bonus_with_evidence * (turn > 0 and evidence)
        return _logistic(logit + self.rule_effect(task, rules))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"truths file {path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"truths file {path} is larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"truths file {path} is not UTF-8: byte {error.start}") from error


def _first_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return one_line(f"{place}: {first['msg']}" if place else first["msg"])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _logistic(logit: float) -> float:
    """Never outside (0, 1), and no overflow at either end."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))
