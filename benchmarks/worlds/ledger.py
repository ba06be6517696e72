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
        """(nights,)."""
        helps = self.bets.helps
        return log_sum(self.log_wealth[:, helps], self.bets.weights[helps])

    @property
    def harm_now(self) -> Bools:
        """Where the bets on harm prove it now."""
        harms = ~self.bets.helps
        return np.asarray(log_sum(self.log_wealth[:, harms], self.bets.weights[harms]) >= math.log(PROVEN))

    @property
    def proven(self) -> Bools:
        """Where help was ever proven."""
        return np.asarray(self.peak >= math.log(PROVEN))

    def bet(self, *, treated: Bools, holdout: Floats, outcome: Floats, predicted: Floats, where: Bools) -> None:
        """Settle the bets on a unit of each night; nothing happens in the others."""
        tilt = self.bets.lambdas * (outcome - predicted)[:, None]
        won = log_factors(treated[:, None], 1.0 - holdout[:, None], tilt)
        self.log_wealth += np.where(where[:, None], won, 0.0)
        self.peak = np.where(where, np.maximum(self.peak, self.log_helps), self.peak)


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

    def note(self, cell: Numbers, outcome: Floats, *, treated: Bools, where: Bools) -> None:
        """A unit's outcome in those nights."""
        for sums, chosen in ((self._all, where), (self._arms[0], where & ~treated), (self._arms[1], where & treated)):
            rows = np.flatnonzero(chosen)
            sums.note(rows, cell[rows], outcome[rows])


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

    def settle(self, unit: Unit, where: Bools) -> None:
        """Settle the bets on the coins of nominees of a unit in those nights; controls' say nothing."""
        meant = unit.tested & (where & ~unit.control)[:, None] & (unit.drop_odds > 0)
        night, place = np.nonzero(meant)
        rule = unit.nominees[night, place]
        expected = predictions(unit.baseline[night, place])
        tilt = LAMBDAS * (unit.passed[night, None] - expected)
        shown, odds = ~unit.dropped[night, place], 1.0 - unit.drop_odds[night, place]
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

    def fold(self, history: History, units: Numbers, cell: Numbers, where: Bools) -> None:
        """The evidence of a unit of each of those nights, by number."""
        unit, rows = history.at(units), np.arange(len(units))
        missing = history.missing[units, rows]
        counts = where & (unit.nominees[:, 0] != NONE) & ~missing
        coin = counts & (unit.holdout > 0)
        outcome = unit.passed.astype(float)
        self.claims.bet(
            treated=~unit.control, holdout=unit.holdout, outcome=outcome, predicted=unit.predicted, where=coin
        )  # fmt: skip
        self.predictors.note(cell, outcome, treated=~unit.control, where=coin)
        self.badges.settle(unit, counts)
        self.proven_at = _first(self.proven_at, self.claims.proven, units)
        self.first_badge_at = _first(self.first_badge_at, self.badges.certified.any(axis=1), units)


def _first(at: Numbers, now: Bools, units: Numbers) -> Numbers:
    return np.asarray(np.where((at == 0) & now, units + 1, at))
