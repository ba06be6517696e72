"""The planted truths of the rehearsal model: what its odds are, and what an analysis of its answers should find."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError

from utils.errors import InputError
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import KnownTask
from utils.rehearsal.tables import (
    Ability,
    BugShares,
    Drift,
    Habit,
    Logit,
    Loss,
    PlantedRule,
    Recall,
    Reflection,
    Repair,
    Style,
    Table,
)
from utils.text import one_line

DEFAULT_PATH = Path(__file__).with_name("truths.toml")
MAX_BYTES = 1_000_000
DRIFT_UNITS = 100
"""Drift is given in logits for so many units."""


class Truths(Table):
    """Everything that the rehearsal model's odds depend on; truths.toml documents each field."""

    schema_version: Literal[1]
    latency_s: Annotated[float, Field(strict=True, ge=0, le=600, allow_inf_nan=False)]
    difficulty_slope: Annotated[float, Field(strict=True, ge=0, le=20, allow_inf_nan=False)]
    offset_sd: Annotated[float, Field(strict=True, ge=0, le=5, allow_inf_nan=False)]
    offset_seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)]
    ability: Ability
    drift: Drift = Drift()
    losses: Annotated[tuple[Loss, ...], Field(max_length=100)] = ()
    recall: Recall = Recall()
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

    def ability_of(self, skill: str, unit: int = 0) -> float:
        """The planted ability in logits when the unit-th unit of the memory works, the skill's drift and loss included.

        The drift is skills[skill] * unit / 100, never more than the bound in either direction; in unit 0 there is none.
        """
        drifted = self.drift.skills.get(skill, 0.0) * unit / DRIFT_UNITS
        bound = self.drift.bound
        lost = sum(loss.logits for loss in self.losses if loss.skill == skill and unit >= loss.from_unit)
        return self.ability.skills.get(skill, self.ability.other) + max(-bound, min(bound, drifted)) - lost

    def weakest_skills(self, skills: Sequence[str] | None = None, unit: int = 0) -> tuple[str, ...]:
        """The given skills (or all that the file lists), the weakest first, ties in alphabetical order."""
        names = self.ability.skills if skills is None else set(skills)
        return tuple(sorted(names, key=lambda skill: (self.ability_of(skill, unit), skill)))

    def offset(self, task: KnownTask) -> float:
        """How much easier (above 0) the task is than its skills and difficulty say, in logits; in all runs the same."""
        if task.id in self.offsets:
            return self.offsets[task.id]
        return Draws("offset", self.offset_seed, task.id).normal(self.offset_sd)

    def rule_effect(self, task: KnownTask, rules: Sequence[PlantedRule]) -> float:
        """What the shown rules do to the task's odds together, in logits."""
        return sum(rule.effect + _mean([rule.in_skill.get(skill, 0.0) for skill in task.skills]) for rule in rules)

    def recall_effect(self, task: KnownTask, recalled: Sequence[KnownTask | None]) -> float:
        """What the earlier attempts that are told of do to the task's odds, in logits: the most helpful one counts.

        An attempt at the task itself is worth same_task, at a task that shares a skill with it same_skill, at any
        other (None: at one that is not known) other. Without any it is 0.
        """
        return max((self._worth(task, earlier) for earlier in recalled), default=0.0)

    def _worth(self, task: KnownTask, earlier: KnownTask | None) -> float:
        if earlier is not None and earlier.id == task.id:
            return self.recall.same_task
        shares = earlier is not None and not set(task.skills).isdisjoint(earlier.skills)
        return self.recall.same_skill if shares else self.recall.other

    def pass_probability(
        self,
        task: KnownTask,
        turn: int = 0,
        *,
        evidence: bool = False,
        rules: Sequence[PlantedRule] = (),
        unit: int = 0,
        recalled: Sequence[KnownTask | None] = (),
    ) -> float:
        """The probability, in (0, 1), that one reply is intended to be right.

        p = 1 / (1 + exp(-L)) with L = mean over the task's skills of ability_of(skill, unit)
        - difficulty_slope * (difficulty - 0.5) + offset(task) + bonus_per_turn * turn
        + (bonus_with_evidence if turn > 0 and evidence) + rule_effect(task, rules) + recall_effect(task, recalled).
        Each reply of a unit is a draw of its own. A wrong answer may pass by luck, so measured rates lie slightly
        above.

        Args:
            task: what is asked for.
            turn: repair turns so far, this one included; 0 is the first try.
            evidence: whether the message that asks for the repair shows what was expected and what came.
            rules: the planted rules whose texts stand in the prompt.
            unit: the number of the unit that asks, for the drift; 0 for none.
            recalled: the tasks of the earlier attempts that the prompt tells of.
        """
        logit = _mean([self.ability_of(skill, unit) for skill in task.skills]) + self.offset(task)
        logit -= self.difficulty_slope * (task.difficulty - 0.5)
        logit += self.repair.bonus_per_turn * turn + self.repair.bonus_with_evidence * (turn > 0 and evidence)
        return _logistic(logit + self.rule_effect(task, rules) + self.recall_effect(task, recalled))


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
