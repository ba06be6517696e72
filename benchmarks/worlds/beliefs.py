"""The model of the Builder for many nights at once: memory.builder_model on arrays, for tasks of one skill each.

Beliefs that are forgotten are moved towards their priors with every unit, which is what the model does when it reads
one. tests/test_learning_worlds.py compares the two.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.worlds.arrays import Bools, logistic
from memory.builder_model import (
    ABILITY,
    DEVIATION,
    DIFFICULTY,
    EFFECT,
    NEWTON_STEPS,
    Floats,
    Numbers,
    Prior,
    prior_difficulty,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """A unit of each night: arrays of (nights,), `rules` of (nights, n) with NONE where there is none.

    `task` is -1 for a task that comes once.
    """

    skill: Numbers
    task: Numbers
    difficulty: Floats
    rules: Numbers


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Beliefs, in logits."""

    mean: Floats
    variance: Floats


class _Kind:
    """Gaussians of one kind, any shape, with the prior mean 0."""

    def __init__(self, prior: Prior, shape: tuple[int, ...]) -> None:
        self._prior = prior
        self.mean = np.zeros(shape)
        self.variance = np.full(shape, prior.variance)

    def forget(self, nights: Bools | None) -> None:
        """A unit passed, in these nights or in all."""
        keep = 2.0 ** (-1.0 / (self._prior.half_life or np.inf))
        if nights is not None and not nights.all():
            rates = np.where(nights, keep, 1.0).reshape(-1, *[1] * (self.mean.ndim - 1))
            self.mean *= rates
            self.variance += (1.0 - rates * rates) * (self._prior.variance - self.variance)
            return
        self.mean *= keep
        self.variance *= keep * keep
        self.variance += (1.0 - keep * keep) * self._prior.variance


class Beliefs:
    """What is believed in each night."""

    def __init__(self, *, nights: int, rules: int, skills: int = 1, tasks: int = 0) -> None:
        """Nothing was seen."""
        self.rows = np.arange(nights)
        self.ability = _Kind(ABILITY, (nights, skills))
        self.effect = _Kind(EFFECT, (nights, rules))
        self.deviation = _Kind(DEVIATION, (nights, skills, rules))
        self._surplus = _Kind(DIFFICULTY, (nights, max(tasks, 1)))
        """Of the tasks' difficulties over the declared ones."""

    def effects(self, skill: Numbers, rules: int) -> Gaussian:
        """Of the first `rules` rules in a task of this skill, (nights, rules)."""
        if self.deviation.mean.shape[1] == 1:
            mean, variance = self.deviation.mean[:, 0, :rules], self.deviation.variance[:, 0, :rules]
        else:
            mean = self.deviation.mean[self.rows, skill, :rules]
            variance = self.deviation.variance[self.rows, skill, :rules]
        return Gaussian(self.effect.mean[:, :rules] + mean, self.effect.variance[:, :rules] + variance)

    def of_rules(self, skill: Numbers, rules: Numbers) -> Gaussian:
        """Of these rules, (nights, n); 0 and 0 where there is NONE."""
        rows, at, some = self.rows[:, None], np.maximum(rules, 0), rules >= 0
        skills = skill[:, None]
        mean = self.effect.mean[rows, at] + self.deviation.mean[rows, skills, at]
        variance = self.effect.variance[rows, at] + self.deviation.variance[rows, skills, at]
        return Gaussian(np.where(some, mean, 0.0), np.where(some, variance, 0.0))

    def without_rules(self, tried: Tried) -> Gaussian:
        """The logit of passing with nothing shown, (nights,)."""
        surplus, spread = self._of_task(tried.task)
        mean = self.ability.mean[self.rows, tried.skill] - prior_difficulties(tried.difficulty) - surplus
        return Gaussian(mean, self.ability.variance[self.rows, tried.skill] + spread)

    def observe(self, tried: Tried, outcome: Floats, *, learn: Bools | None = None) -> None:
        """Learn from a unit of each night, or of those nights that `learn`; the others stay as they are."""
        for kind in (self.ability, self.effect, self.deviation):
            kind.forget(learn)
        base, shown = self.without_rules(tried), self.of_rules(tried.skill, tried.rules)
        mean, variance = base.mean + shown.mean.sum(axis=1), base.variance + shown.variance.sum(axis=1)
        expected = logistic(_mode(mean, variance, outcome))
        pull, curvature = outcome - expected, expected * (1.0 - expected)
        shrink = curvature / (1.0 + variance * curvature)
        if learn is not None:
            pull, shrink = np.where(learn, pull, 0.0), np.where(learn, shrink, 0.0)
        self._move(tried, pull, shrink)

    def _move(self, tried: Tried, pull: Floats, shrink: Floats) -> None:
        rows = self.rows
        _step(self.ability, (rows, tried.skill), pull, shrink)
        repeated = tried.task >= 0
        if repeated.any():
            _step(self._surplus, (rows[repeated], tried.task[repeated]), -pull[repeated], shrink[repeated])
        for column in tried.rules.T:
            some = column >= 0
            night, rule, skill = rows[some], column[some], tried.skill[some]
            _step(self.effect, (night, rule), pull[some], shrink[some])
            _step(self.deviation, (night, skill, rule), pull[some], shrink[some])

    def _of_task(self, task: Numbers) -> tuple[Floats, Floats]:
        at, repeated = np.maximum(task, 0), task >= 0
        mean, variance = self._surplus.mean[self.rows, at], self._surplus.variance[self.rows, at]
        return np.where(repeated, mean, 0.0), np.where(repeated, variance, DIFFICULTY.variance)


def prior_difficulties(declared: Floats) -> Floats:
    """The prior means of b, in logits, for declared difficulties in 0..1."""
    return np.asarray(prior_difficulty(0.0) + (prior_difficulty(1.0) - prior_difficulty(0.0)) * declared)


def _step(kind: _Kind, index: tuple[Numbers, ...], pull: Floats, shrink: Floats) -> None:
    variance = kind.variance[index]
    kind.mean[index] += variance * pull
    kind.variance[index] = variance - variance * variance * shrink


def _mode(mean: Floats, variance: Floats, outcome: Floats) -> Floats:
    at, precision = mean, 1.0 / variance
    for _ in range(NEWTON_STEPS):
        expected = logistic(at)
        at = at + ((mean - at) * precision + outcome - expected) / (precision + expected * (1.0 - expected))
    return at
