"""What would have happened under other choices: estimated from logged coins, or refused where they tell too little.

A policy that could have been followed is compared unit by unit with the log: w = the probability that it does what was
done, over the logged probability of what was done. With predictions m of its outcomes from the past alone the doubly
robust estimate (Dudik, Langford and Li 2011) of its mean outcome is

    mean of  m + w (y - m)

whose mean is right whatever m is, as long as the logged probabilities are. The effective sample size (Kish)
(sum w)^2 / sum w^2 says how many units of its own the policy is judged by; below FEWEST there is no answer. The
interval is mean +- 1.96 standard errors: for one look, not for many; what has to survive peeking is the claims'.
Not covered: that the log would have gone on differently under the other policy, for what is learned depends on what
was shown.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from memory.assignment import Assignment
from memory.evidence.bets import Floats
from memory.statistics import Z95

FEWEST = 50.0
"""Effective units, below which nothing is said."""


@dataclass(frozen=True, slots=True)
class OffPolicyAnswer:
    """The mean outcome that another policy would have had, its standard error, and how much the answer rests on."""

    mean: float
    error: float
    effective: float

    @property
    def low(self) -> float:
        """Of the 95 % interval for one look."""
        return self.mean - Z95 * self.error

    @property
    def high(self) -> float:
        """Of the same."""
        return self.mean + Z95 * self.error


def nothing_shown_probability(assignment: Assignment | None) -> float:
    """The logged probability that nothing learned is shown: held out, or each nominee dropped by its own coin."""
    if assignment is None:
        return 1.0
    dropped = math.prod(each.drop_probability for each in assignment.nominees)
    return assignment.holdout_probability + (1.0 - assignment.holdout_probability) * dropped


def no_rules_weight(assignment: Assignment | None) -> float:
    """The w of the policy that never shows anything learned."""
    if assignment is not None and assignment.shown:
        return 0.0
    return 1.0 / nothing_shown_probability(assignment)


def off_policy(
    weights: Floats | Sequence[float], outcomes: Floats | Sequence[float], predictions: Floats | Sequence[float]
) -> OffPolicyAnswer | None:
    """The policy's mean outcome over these units; None below FEWEST effective ones.

    Args:
        weights: w of each unit, 0 or more.
        outcomes: y of each, 0..1.
        predictions: m of each, from the past alone.
    """
    w, y, m = (np.asarray(each, dtype=float) for each in (weights, outcomes, predictions))
    effective = effective_units(w)
    if effective < FEWEST:
        return None
    values = m + w * (y - m)
    return OffPolicyAnswer(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)), effective)


def effective_units(weights: Floats) -> float:
    """Kish's effective sample size; 0 without a unit that counts."""
    total = float(weights.sum())
    return total * total / float((weights * weights).sum()) if total > 0 else 0.0


class WithoutLearning:
    """What would have come had nothing learned been shown, kept up to date unit by unit."""

    __slots__ = ("_mean", "_squares", "_units", "_weights", "_weights_squared")

    def __init__(self) -> None:
        """No unit was seen."""
        self._units = 0
        self._mean = self._squares = self._weights = self._weights_squared = 0.0

    def note(self, assignment: Assignment | None, *, outcome: float, prediction: float) -> None:
        """A unit with its coins and its outcome; `prediction` is of its outcome as a control, from the past alone."""
        weight = no_rules_weight(assignment)
        value = prediction + weight * (outcome - prediction)
        self._units += 1
        step = value - self._mean
        self._mean += step / self._units
        self._squares += step * (value - self._mean)
        self._weights += weight
        self._weights_squared += weight * weight

    def answer(self) -> OffPolicyAnswer | None:
        """The mean outcome; None below FEWEST effective units."""
        effective = self._weights**2 / self._weights_squared if self._weights else 0.0
        if effective < FEWEST:
            return None
        error = math.sqrt(self._squares / (self._units - 1) / self._units)
        return OffPolicyAnswer(self._mean, error, effective)


def no_rules(units: Iterable[tuple[Assignment | None, float, float]]) -> OffPolicyAnswer | None:
    """The mean outcome had nothing learned been shown: units as (coins, outcome, prediction for a control)."""
    found = WithoutLearning()
    for assignment, outcome, prediction in units:
        found.note(assignment, outcome=outcome, prediction=prediction)
    return found.answer()
