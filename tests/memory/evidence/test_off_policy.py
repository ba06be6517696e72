"""Answers to "what if nothing had been shown?", from the coins of the log."""

import math

import numpy as np
import pytest

from memory.assignment import Assignment, Nominee
from memory.evidence.off_policy import FEWEST, effective_units, no_rules, no_rules_weight, off_policy

HOLDOUT, DROPOUT = 0.2, 0.25


def assigned(*, control: bool, dropped: tuple[bool, ...]) -> Assignment:
    nominees = tuple(
        Nominee(kind="rule", id=f"rule-{place:012x}", drop_probability=DROPOUT, lot=0, dropped=each)
        for place, each in enumerate(dropped)
    )
    return Assignment(holdout_probability=HOLDOUT, lot=0, control=control, nominees=nominees)


def test_a_unit_counts_by_the_logged_probability_that_it_showed_nothing() -> None:
    bare = HOLDOUT + (1 - HOLDOUT) * DROPOUT**2
    assert no_rules_weight(assigned(control=True, dropped=(False, False))) == pytest.approx(1 / bare)
    assert no_rules_weight(assigned(control=False, dropped=(True, True))) == pytest.approx(1 / bare)
    assert no_rules_weight(assigned(control=False, dropped=(True, False))) == 0
    assert no_rules_weight(None) == 1


def test_weights_are_worth_one_unit_on_average_over_the_coins() -> None:
    total = 0.0
    for control in (True, False):
        for first in (True, False):
            for second in (True, False):
                odds = HOLDOUT if control else 1 - HOLDOUT
                for dropped in (first, second):
                    odds *= DROPOUT if dropped else 1 - DROPOUT
                total += odds * no_rules_weight(assigned(control=control, dropped=(first, second)))
    assert total == pytest.approx(1)


def test_the_answer_is_that_of_the_controls_and_not_of_the_treated() -> None:
    generator = np.random.default_rng(1)
    units = []
    for _ in range(4000):
        assignment = assigned(control=bool(generator.random() < HOLDOUT), dropped=(bool(generator.random() < DROPOUT),))
        passes = 0.8 if assignment.shown else 0.35
        units.append((assignment, float(generator.random() < passes), 0.5))
    answer = no_rules(units)
    assert answer is not None
    assert answer.mean == pytest.approx(0.35, abs=3 * answer.error)
    assert answer.low < 0.35 < answer.high
    assert answer.error < 0.02


def test_predictions_that_are_right_leave_no_error() -> None:
    outcomes = np.array([0.0, 1.0] * 100)
    answer = off_policy(np.tile([4.0, 0.0], 100), outcomes, outcomes)
    assert answer is not None
    assert answer.mean == 0.5


@pytest.mark.parametrize("controls", [0, 1, int(FEWEST) - 1, int(FEWEST), 200])
def test_below_fifty_effective_units_there_is_no_answer(controls: int) -> None:
    weights = np.array([5.0] * controls + [0.0] * 500)
    answer = off_policy(weights, np.ones(len(weights)), np.full(len(weights), 0.5))
    assert (answer is None) == (controls < FEWEST)


def test_unequal_weights_are_worth_fewer_units() -> None:
    assert effective_units(np.array([1.0, 1.0, 1.0, 1.0])) == 4
    assert effective_units(np.array([20.0, 1.0, 1.0, 1.0])) == pytest.approx(23**2 / 403)
    assert math.isclose(effective_units(np.zeros(3)), 0)
