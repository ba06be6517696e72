"""Evidence in many nights at once: memory.evidence on arrays of nights, its own formulas called, not copied.

A book that is kept for one night at a time (predictions, certificates) is kept here for all; what is bet, what it wins
and what it has to reach come from memory.evidence. benchmarks/worlds/agreement.py compares both in whole nights.
"""

import math

import numpy as np

from benchmarks.worlds.arrays import NONE, Bools
from benchmarks.worlds.history import History, Unit
from memory.builder_model import Floats, Numbers
from memory.evidence.bets import BINARY, CERTIFICATE, PROVEN, RETIREMENT, Mixture, log_factors, log_sum
from memory.evidence.certificates import HALF, LAMBDAS, predictions, threshold
from memory.evidence.predictions import KEEP, LEVELS, NOTHING_KNOWN, PSEUDO


class Claims:
    """Bets on one claim in each night."""

    def __init__(self, nights: int, bets: Mixture = BINARY) -> None:
        """Each stake is untouched."""
        self.bets = bets
        self.log_wealth = np.zeros((nights, len(bets.lambdas)))
        self.peak = np.full(nights, -np.inf)
        """The highest ln E of the bets on help ever."""

    @property
    def log_helps(self) -> Floats:
        """The ln E of the bets on help now, (nights,)."""
        return self._part(np.arange(len(self.peak)), self.bets.helps)

    @property
    def harm_now(self) -> Bools:
        """Where the bets on harm prove it now."""
        return np.asarray(self._part(np.arange(len(self.peak)), self.bets.harms) >= math.log(PROVEN))

    @property
    def proven(self) -> Bools:
        """Where help was ever proven."""
        return np.asarray(self.peak >= math.log(PROVEN))

    def bet(self, rows: Numbers, *, treated: Bools, holdout: Floats, outcome: Floats, predicted: Floats) -> None:
        """Settle the bets on a unit of each of these nights; the other arrays are of the same length."""
        tilt = self.bets.lambdas * (outcome - predicted)[:, None]
        self.log_wealth[rows] += log_factors(treated[:, None], 1.0 - holdout[:, None], tilt)
        self.peak[rows] = np.maximum(self.peak[rows], self._part(rows, self.bets.helps))

    def _part(self, rows: Numbers, chosen: slice) -> Floats:
        return log_sum(self.log_wealth[rows][:, chosen], self.bets.weights[chosen])


class _Sums:
    """Discounted sums of outcomes and of ones, of the whole and of cells."""

    def __init__(self, nights: int, cells: int) -> None:
        self._outcomes, self._counts = np.zeros((nights, cells)), np.zeros((nights, cells))
        self._all_outcomes, self._all_counts = np.zeros(nights), np.zeros(nights)

    def note(self, rows: Numbers, cell: Numbers, outcome: Floats) -> None:
        self._outcomes[rows, cell] = KEEP * self._outcomes[rows, cell] + outcome
        self._counts[rows, cell] = KEEP * self._counts[rows, cell] + 1.0
        self._all_outcomes[rows] = KEEP * self._all_outcomes[rows] + outcome
        self._all_counts[rows] = KEEP * self._all_counts[rows] + 1.0

    def predict(self, cell: Numbers, prior: Floats) -> tuple[Floats, Floats]:
        whole = (self._all_outcomes + PSEUDO * prior) / (self._all_counts + PSEUDO)
        rows = np.arange(len(cell))
        return whole, (self._outcomes[rows, cell] + PSEUDO * whole) / (self._counts[rows, cell] + PSEUDO)


class Predictors:
    """memory.evidence.predictions.Predictor in each night."""

    def __init__(self, nights: int, skills: int) -> None:
        """Nothing is known."""
        self._all = _Sums(nights, skills * LEVELS)
        self._arms = _Sums(nights, skills * LEVELS), _Sums(nights, skills * LEVELS)
        self._prior = np.full(nights, NOTHING_KNOWN)

    def predict(self, cell: Numbers) -> tuple[Floats, Floats, Floats]:
        """Of the next unit: whatever the coin says, if treated, if not."""
        whole, mean = self._all.predict(cell, self._prior)
        control, treated = (arm.predict(cell, whole)[1] for arm in self._arms)
        return mean, treated, control

    def note(self, rows: Numbers, cell: Numbers, outcome: Floats, *, treated: Bools) -> None:
        """A unit's outcome in each of these nights; the other arrays are of the same length."""
        self._all.note(rows, cell, outcome)
        for sums, arm in zip(self._arms, (~treated, treated), strict=True):
            sums.note(rows[arm], cell[arm], outcome[arm])


def cells(skill: Numbers, difficulty: Floats) -> Numbers:
    """The number of memory.evidence.predictions.cell_of's cell."""
    level = np.minimum((difficulty * LEVELS).astype(np.intp), LEVELS - 1)
    return np.asarray(skill * LEVELS + level)


class Badges:
    """memory.evidence.certificates.Certificates in each night: arrays of (nights, rules)."""

    def __init__(self, nights: int, rules: int) -> None:
        """Nothing was nominated."""
        self.order = np.zeros((nights, rules), dtype=np.int64)
        self._entered = np.zeros(nights, dtype=np.int64)
        self.log_wealth = np.zeros((nights, rules, 2 * HALF))
        self.certified = np.zeros((nights, rules), dtype=bool)
        self.retired = np.zeros((nights, rules), dtype=bool)

    def enter(self, nominees: Numbers) -> None:
        """Number what has no number yet, in the order of the nominees; NONE for what gets none."""
        for column in nominees.T:
            rows = np.flatnonzero(column >= 0)
            rows = rows[self.order[rows, column[rows]] == 0]
            self._entered[rows] += 1
            self.order[rows, column[rows]] = self._entered[rows]

    def settle(self, rows: Numbers, unit: Unit) -> None:
        """Settle the bets on the coins of nominees of a unit in each of these nights; controls' say nothing."""
        meant = unit.tested & ~unit.control[:, None] & (unit.drop_odds > 0)
        at, place = np.nonzero(meant)
        night, rule = rows[at], unit.nominees[at, place]
        expected = predictions(unit.baseline[at, place])
        tilt = LAMBDAS * (unit.passed[at, None] - expected)
        shown, odds = ~unit.dropped[at, place], 1.0 - unit.drop_odds[at, place]
        wealth = self.log_wealth[night, rule] + log_factors(shown[:, None], odds[:, None], tilt)
        self.log_wealth[night, rule] = wealth
        bound = threshold(self.order[night, rule])
        self.certified[night, rule] |= log_sum(wealth[:, :HALF], CERTIFICATE.weights) >= bound
        self.retired[night, rule] |= log_sum(wealth[:, HALF:], RETIREMENT.weights) >= bound


class Book:
    """All evidence of each night, folded in the order of decision."""

    def __init__(self, nights: int, rules: int, skills: int = 1) -> None:
        """Nothing was decided."""
        self.claims, self.badges = Claims(nights), Badges(nights, rules)
        self.predictors = Predictors(nights, skills)
        self.proven_at = np.zeros(nights, dtype=np.intp)
        """After how many decided units the claim was proven; 0 where it was not."""
        self.first_badge_at = np.zeros(nights, dtype=np.intp)

    def predict(self, history: History, unit: int, cell: Numbers) -> None:
        """Write down what is expected of the unit."""
        found = self.predictors.predict(cell)
        history.predicted[unit], history.predicted_treated[unit], history.predicted_control[unit] = found

    def fold(self, history: History, rows: Numbers, units: Numbers, cell: Numbers) -> None:
        """The evidence of a unit, by number, of each of these nights."""
        counts = ~history.missing[units, rows] & (history.nominees[units, rows, 0] != NONE)
        rows, units, cell = rows[counts], units[counts], cell[counts]
        unit = history.at(rows, units)
        outcome, treated = unit.passed.astype(float), ~unit.control
        coin = unit.holdout > 0
        self.claims.bet(
            rows[coin],
            treated=treated[coin],
            holdout=unit.holdout[coin],
            outcome=outcome[coin],
            predicted=unit.predicted[coin],
        )
        self.predictors.note(rows[coin], cell[coin], outcome[coin], treated=treated[coin])
        self.badges.settle(rows, unit)
        self._note(rows, units)

    def _note(self, rows: Numbers, units: Numbers) -> None:
        """When something is proven for the first time."""
        proven, badge = self.claims.proven[rows], self.badges.certified[rows].any(axis=1)
        for at, now in ((self.proven_at, proven), (self.first_badge_at, badge)):
            at[rows] = np.where((at[rows] == 0) & now, units + 1, at[rows])
