"""The model of the Builder: all that the Trainer believes, one diagonal-Gaussian logistic model of "this unit passes".

    logit p = sum over the task's n skills of theta[skill] / n  -  b[task]
              + sum over the shown rules k of (mu[k] + sum over the skills of mu[k, skill] / n)

| belief | prior mean, variance | forgetting: half-life in units of the whole memory |
|---|---|---|
| theta[skill], ability | 0, 2 | 200 |
| b[task], difficulty | 6 (d - 0.5) for a declared difficulty d in 0..1, 1 | none |
| mu[rule], effect | 0, 0.0625 | 5000 |
| mu[rule, skill], its deviation in a skill | 0, 0.0625 | 5000 |

An outcome y moves the active beliefs x_i by one step of assumed-density filtering with a Laplace approximation (the
Rasch model's online form, see Pelanek 2016, "Applications of the Elo rating system in adaptive educational systems",
for its one-parameter relative). Forgetting is an Ornstein-Uhlenbeck process towards the prior, applied when a belief
is read. Skill map, difficulty and the choice of rules read this; nothing else holds beliefs. Not covered: that rules
may help or hinder each other, and that beliefs about different features may be correlated.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

NEWTON_STEPS = 5
MOST_AGES = 10_000
"""For which is remembered how much is forgotten."""
DIFFICULTY_SPAN = 6.0
"""Logits between declared difficulties 0 and 1."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before anything was seen; `half_life` in units, None for what is not forgotten."""

    mean: float
    variance: float
    half_life: float | None


ABILITY = Prior(0.0, 2.0, 200.0)
DIFFICULTY = Prior(0.0, 1.0, None)
EFFECT = Prior(0.0, 0.0625, 5000.0)
DEVIATION = Prior(0.0, 0.0625, 5000.0)


class Belief(NamedTuple):
    """A Gaussian, in logits."""

    mean: float
    variance: float

    @property
    def sd(self) -> float:
        """Its standard deviation."""
        return math.sqrt(self.variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What a unit consists of, as far as the model looks.

    Attributes:
        task: its id.
        difficulty: declared, 0..1; counts when the task is met for the first time.
        skills: at least one.
        rules: keys of the shown ones, each an id with its version.
    """

    task: str
    difficulty: float
    skills: tuple[str, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """What is believed of many rules in one task, arrays of one shape, in logits."""

    mean: Floats
    variance: Floats


def logistic(logit: float) -> float:
    """1 / (1 + exp(-logit)), without overflow."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1.0 + odds)


def logit(probability: float) -> float:
    """ln(p / (1 - p)) for p in (0, 1)."""
    return math.log(probability / (1.0 - probability))


def expected_pass(belief: Belief) -> float:
    """The mean of logistic(X) for X of this Gaussian, by MacKay's approximation (1992), off by less than 0.02."""
    return logistic(expected_logit(belief.mean, belief.variance))


def expected_logit(mean: float, variance: float) -> float:
    """The logit of the same."""
    return mean / math.sqrt(1.0 + math.pi * variance / 8.0)


class _Beliefs:
    """Gaussians of one kind by number; those that were never touched hold the prior."""

    __slots__ = ("_at", "_kept", "_mean", "_prior", "_read", "_read_at", "_variance")

    def __init__(self, prior: Prior) -> None:
        self._prior = prior
        self._mean = np.empty(0)
        self._variance = np.empty(0)
        self._at = np.empty(0)
        self._read: dict[int, Belief] = {}  # one decision reads the same few beliefs again and again
        self._read_at = 0.0
        self._kept: dict[float, float] = {}

    def reach(self, size: int) -> None:
        """Make room for numbers below `size`; doubling, so that a belief costs the same however many there are."""
        have = len(self._mean)
        if size <= have:
            return
        more = max(size, 2 * have, 16) - have
        self._mean = np.concatenate((self._mean, np.full(more, self._prior.mean)))
        self._variance = np.concatenate((self._variance, np.full(more, self._prior.variance)))
        self._at = np.concatenate((self._at, np.zeros(more)))

    def start(self, number: int, mean: float) -> None:
        """Begin with another mean than the prior's; for kinds that are not forgotten."""
        self.reach(number + 1)
        self._mean[number] = mean
        self._read.pop(number, None)

    def read(self, number: int, now: float) -> Belief:
        """One belief as it is now."""
        if now != self._read_at and self._prior.half_life is not None:
            self._read.clear()
            self._read_at = now
        belief = self._read.get(number)
        if belief is None:
            belief = self._read[number] = self._as_of(number, now)
        return belief

    def _as_of(self, number: int, now: float) -> Belief:
        mean, variance = self._mean.item(number), self._variance.item(number)
        if self._prior.half_life is None:
            return Belief(mean, variance)
        prior, keep = self._prior, self._keep(self._at.item(number) - now, self._prior.half_life)
        faded = prior.mean + keep * (mean - prior.mean)
        keep *= keep
        return Belief(faded, prior.variance + keep * (variance - prior.variance))  # to the last bit as read_many

    def _keep(self, since: float, half_life: float) -> float:
        """What forgetting leaves; the same few ages come again and again, and numpy takes long for one number."""
        keep = self._kept.get(since)
        if keep is None:
            if len(self._kept) >= MOST_AGES:
                self._kept.clear()
            keep = self._kept[since] = float(np.exp2(since / half_life))
        return keep

    def read_many(self, numbers: Numbers, now: float) -> Effects:
        """Many beliefs as they are now, for kinds that are forgotten."""
        prior, half_life = self._prior, self._prior.half_life or math.inf
        keep = np.exp2((self._at[numbers] - now) / half_life)
        mean = prior.mean + keep * (self._mean[numbers] - prior.mean)
        keep *= keep
        return Effects(mean, prior.variance + keep * (self._variance[numbers] - prior.variance))

    def write(self, number: int, belief: Belief, now: float) -> None:
        """Keep a belief of now."""
        self._mean[number], self._variance[number], self._at[number] = belief.mean, belief.variance, now
        self._read.pop(number, None)


class _Feature(NamedTuple):
    """A belief that takes part in a unit, with its weight."""

    beliefs: _Beliefs
    number: int
    weight: float


class BuilderModel:
    """The beliefs, moved by outcomes alone; `units` is the clock of forgetting."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.units = 0
        self._skills: dict[str, int] = {}
        self._tasks: dict[str, int] = {}
        self._tasks_met = 0
        self._rules: dict[str, int] = {}
        self._ability, self._difficulty = _Beliefs(ABILITY), _Beliefs(DIFFICULTY)
        self._effect = _Beliefs(EFFECT)
        self._deviation: dict[str, _Beliefs] = {}

    def ability(self, skill: str) -> Belief:
        """theta[skill], the prior if it was never practised."""
        number = self._skills.get(skill)
        if number is None:
            return Belief(ABILITY.mean, ABILITY.variance)
        return self._ability.read(number, self.units)

    def difficulty(self, task: str, *, declared: float) -> Belief:
        """b[task]; from the declared difficulty, 0..1, if it was never tried."""
        number = self._tasks.get(task)
        if number is None:
            return Belief(prior_difficulty(declared), DIFFICULTY.variance)
        return self._difficulty.read(number, self.units)

    def effect(self, rule: str, *, skills: Sequence[str]) -> Belief:
        """mu[rule] + the mean of mu[rule, skill] over the skills; in general, without the deviations, for no skills."""
        number = self.rule_number(rule)
        whole, share = self._effect.read(number, self.units), 1.0 / max(len(skills), 1)
        mean, variance = whole.mean, whole.variance
        for skill in skills:
            deviation = self._deviation.get(skill)
            if deviation is None:
                part = Belief(DEVIATION.mean, DEVIATION.variance)
            else:
                deviation.reach(len(self._rules))
                part = deviation.read(number, self.units)
            mean, variance = mean + share * part.mean, variance + share * share * part.variance
        return Belief(mean, variance)

    def rule_number(self, rule: str) -> int:
        """Where `effects` finds this rule; it has a number from the first time it is asked for."""
        number = self._rules.setdefault(rule, len(self._rules))
        self._effect.reach(number + 1)
        return number

    def effects(self, numbers: Numbers, *, skills: Sequence[str]) -> Effects:
        """What is believed of these rules in a task of these skills; cost is that of a few array operations."""
        whole = self._effect.read_many(numbers, self.units)
        share = 1.0 / max(len(skills), 1)
        for skill in skills:
            deviation = self._deviation.get(skill)
            if deviation is None:
                whole = Effects(whole.mean, whole.variance + share * share * DEVIATION.variance)
                continue
            deviation.reach(len(self._rules))
            part = deviation.read_many(numbers, self.units)
            whole = Effects(whole.mean + share * part.mean, whole.variance + share * share * part.variance)
        return whole

    def belief(self, practice: Practice) -> Belief:
        """The logit of passing; changes no belief."""
        share = 1.0 / len(practice.skills)
        task = self.difficulty(practice.task, declared=practice.difficulty)
        mean, variance = -task.mean, task.variance
        for skill in practice.skills:
            ability = self.ability(skill)
            mean, variance = mean + share * ability.mean, variance + share * share * ability.variance
        for rule in practice.rules:
            effect = self.effect(rule, skills=practice.skills)
            mean, variance = mean + effect.mean, variance + effect.variance
        return Belief(mean, variance)

    def forecast(self, practice: Practice) -> float:
        """The posterior mean of the probability of passing, in (0, 1)."""
        return expected_pass(self.belief(practice))

    def pass_by(self) -> None:
        """A unit ended without a verdict: only time passes."""
        self.units += 1

    def observe(self, practice: Practice, outcome: float) -> None:
        """Learn from a unit; O(skills + rules x skills).

        Args:
            practice: what it consisted of.
            outcome: 1 passed, 0 failed, anything between for a graded outcome.
        """
        self.units += 1
        features = self._features(practice)
        before = [feature.beliefs.read(feature.number, self.units) for feature in features]
        mean = sum(feature.weight * belief.mean for feature, belief in zip(features, before, strict=True))
        variance = sum(feature.weight**2 * belief.variance for feature, belief in zip(features, before, strict=True))
        expected = logistic(_mode(mean, variance, outcome))
        pull, curvature = outcome - expected, expected * (1.0 - expected)
        shrink = curvature / (1.0 + variance * curvature)
        for feature, belief in zip(features, before, strict=True):
            step = feature.weight * belief.variance
            after = Belief(belief.mean + step * pull, belief.variance - step * step * shrink)
            feature.beliefs.write(feature.number, after, self.units)

    def forget_task(self, task: str) -> None:
        """The next unit of this task meets a difficulty of which only the declared one is known."""
        self._tasks.pop(task, None)

    def _features(self, practice: Practice) -> list[_Feature]:
        share = 1.0 / len(practice.skills)
        found = [_Feature(self._difficulty, self._task_number(practice), -1.0)]
        found += [_Feature(self._ability, self._skill_number(skill), share) for skill in practice.skills]
        for rule in practice.rules:
            number = self.rule_number(rule)
            found.append(_Feature(self._effect, number, 1.0))
            found += [_Feature(self._deviation_in(skill), number, share) for skill in practice.skills]
        return found

    def _task_number(self, practice: Practice) -> int:
        number = self._tasks.get(practice.task)
        if number is None:
            number = self._tasks[practice.task] = self._tasks_met
            self._tasks_met += 1
            self._difficulty.start(number, prior_difficulty(practice.difficulty))
        return number

    def _skill_number(self, skill: str) -> int:
        number = self._skills.setdefault(skill, len(self._skills))
        self._ability.reach(number + 1)
        return number

    def _deviation_in(self, skill: str) -> _Beliefs:
        beliefs = self._deviation.setdefault(skill, _Beliefs(DEVIATION))
        beliefs.reach(len(self._rules))
        return beliefs


def prior_difficulty(declared: float) -> float:
    """The prior mean of b, in logits, for a declared difficulty in 0..1."""
    return DIFFICULTY_SPAN * (declared - 0.5)


def _mode(mean: float, variance: float, outcome: float) -> float:
    """The a that maximises -(a - mean)^2 / (2 variance) + outcome a - ln(1 + exp(a)), by Newton's method."""
    at = mean
    for _ in range(NEWTON_STEPS):
        expected = logistic(at)
        slope = (mean - at) / variance + outcome - expected
        at += slope / (1.0 / variance + expected * (1.0 - expected))
    return at
