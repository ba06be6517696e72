"""What happened in many nights, unit by unit: all that evidence and figures are made of."""

from dataclasses import dataclass

import numpy as np

from benchmarks.worlds.arrays import NONE, Bools
from memory.builder_model import Floats, Numbers


@dataclass(slots=True)
class History:
    """What happened: arrays of (units, nights), or (units, nights, nominees), in the order of decision.

    Attributes:
        nominees: rules by number, NONE where there is none.
        drop_odds: of each nominee's coin.
        dropped: what it said.
        tested: whether the nominee's coin is bet on.
        holdout: the control coin's probability; 0 without a nominee.
        control: what it said.
        baseline: o, the believed logit without the nominee, as the other coins fell, as if the unit were treated.
        passed: the outcome.
        missing: there is none.
        turns: replies that were asked for.
        predicted: the logged prediction of `passed`; with it that for treated units and that for controls.
        p_shown: the probability of passing with what was shown.
        p_nominated: had all of its nominees been shown.
        p_treated: had it been treated, with the dropouts as they fell.
        p_none: with nothing shown.
        p_best: with the best rules shown.
    """

    nominees: Numbers
    drop_odds: Floats
    dropped: Bools
    tested: Bools
    holdout: Floats
    control: Bools
    baseline: Floats
    passed: Bools
    missing: Bools
    turns: Numbers
    predicted: Floats
    predicted_treated: Floats
    predicted_control: Floats
    p_shown: Floats
    p_nominated: Floats
    p_treated: Floats
    p_none: Floats
    p_best: Floats

    @property
    def assigned(self) -> Bools:
        """Which units had a nominee, and so a holdout coin."""
        return np.asarray(self.nominees[..., 0] >= 0)

    def at(self, rows: Numbers, units: Numbers) -> "Unit":
        """A unit, by number, of each of these nights."""
        return Unit(
            nominees=self.nominees[units, rows],
            drop_odds=self.drop_odds[units, rows],
            dropped=self.dropped[units, rows],
            tested=self.tested[units, rows],
            holdout=self.holdout[units, rows],
            control=self.control[units, rows],
            baseline=self.baseline[units, rows],
            passed=self.passed[units, rows],
            predicted=self.predicted[units, rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What History holds of a unit of each night: arrays of (nights,) or (nights, nominees)."""

    nominees: Numbers
    drop_odds: Floats
    dropped: Bools
    tested: Bools
    holdout: Floats
    control: Bools
    baseline: Floats
    passed: Bools
    predicted: Floats

    @property
    def shown(self) -> Numbers:
        """The rules that the prompts showed, NONE elsewhere."""
        return np.asarray(np.where(self.dropped | self.control[:, None], NONE, self.nominees))


def empty_history(units: int, nights: int, most: int) -> History:
    """Nothing happened yet."""
    flat, deep = (units, nights), (units, nights, most)
    return History(
        nominees=np.full(deep, NONE, dtype=np.intp),
        drop_odds=np.zeros(deep),
        dropped=np.zeros(deep, dtype=bool),
        tested=np.zeros(deep, dtype=bool),
        holdout=np.zeros(flat),
        control=np.zeros(flat, dtype=bool),
        baseline=np.zeros(deep),
        passed=np.zeros(flat, dtype=bool),
        missing=np.zeros(flat, dtype=bool),
        turns=np.ones(flat, dtype=np.intp),
        predicted=np.full(flat, 0.5),
        predicted_treated=np.full(flat, 0.5),
        predicted_control=np.full(flat, 0.5),
        p_shown=np.zeros(flat),
        p_nominated=np.zeros(flat),
        p_treated=np.zeros(flat),
        p_none=np.zeros(flat),
        p_best=np.zeros(flat),
    )
