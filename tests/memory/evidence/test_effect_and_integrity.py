"""The average effect with its interval, the alarms, the predictions, and the curve of evidence."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.evidence.curve import MOST_POINTS, Curve
from memory.evidence.effect import Effect, pseudo_outcome
from memory.evidence.integrity import CoinCheck, MissingCheck
from memory.evidence.logged import Prediction
from memory.evidence.predictions import Predictor, cell_of
from memory.tasks import Task

SHARE = st.floats(0, 1)
EXPECTED = Prediction(mean=0.5, treated=0.7, control=0.3)
CELL = ("lists", 2)


@given(SHARE, SHARE, SHARE, SHARE, st.floats(0.05, 0.95))
def test_the_pseudo_outcome_has_the_units_own_effect_as_its_mean(
    treated: float, control: float, if_treated: float, if_control: float, probability: float
) -> None:
    expected = Prediction(mean=0.5, treated=treated, control=control)
    of_treated = pseudo_outcome(treated=True, probability=probability, outcome=if_treated, prediction=expected)
    of_control = pseudo_outcome(treated=False, probability=probability, outcome=if_control, prediction=expected)
    mean = probability * of_treated + (1 - probability) * of_control
    assert mean == pytest.approx(if_treated - if_control, abs=1e-9)


def night(seed: int, *, units: int, effect: float) -> Effect:
    rng, found = np.random.default_rng(seed), Effect()
    for _ in range(units):
        treated = bool(rng.random() < 0.8)
        outcome = float(rng.random() < 0.3 + effect * treated)
        found.note(treated=treated, probability=0.8, outcome=outcome, prediction=EXPECTED)
    return found


def test_there_is_no_interval_before_there_are_enough_units() -> None:
    assert night(1, units=99, effect=0.2).interval() is None
    assert night(1, units=200, effect=0.2).interval() is not None


def test_the_interval_covers_the_effect_and_narrows() -> None:
    early, late = night(2, units=200, effect=0.3).interval(), night(2, units=2000, effect=0.3).interval()
    assert early is not None
    assert late is not None
    assert early.low < 0.3 < early.high
    assert late.low < 0.3 < late.high
    assert late.high - late.low < (early.high - early.low) / 2


def coins(check: CoinCheck, seed: int, *, units: int, true: float, logged: float) -> bool:
    rng = np.random.default_rng(seed)
    for _ in range(units):
        check.note(CELL, arm=bool(rng.random() < true), probability=logged)
    return check.alarmed


def test_coins_that_fall_as_often_as_was_logged_raise_no_alarm_and_others_do() -> None:
    assert not any(coins(CoinCheck(), seed, units=2000, true=0.2, logged=0.2) for seed in range(20))
    assert all(coins(CoinCheck(), seed, units=2000, true=0.3, logged=0.2) for seed in range(20))


def test_a_holdout_that_dodges_hard_tasks_raises_an_alarm_though_on_average_it_is_right() -> None:
    rng, check = np.random.default_rng(5), CoinCheck()
    for number in range(1500):
        hard = number % 2
        check.note(("lists", 4 * hard), arm=bool(rng.random() < (0.1 if hard else 0.3)), probability=0.2)
    assert check.alarmed


def test_thousands_of_skills_are_watched_one_by_one() -> None:
    rng, check = np.random.default_rng(7), CoinCheck()
    for number in range(4000):
        one = number % 4 == 0
        check.note(
            (f"skill {0 if one else number}", 2), arm=bool(rng.random() < (0.5 if one else 0.1)), probability=0.2
        )
    assert check.alarmed


def test_the_bets_against_coins_are_fair() -> None:
    mean, probability = 0.0, 0.2
    cells = [("lists", 1), ("dicts", 1), ("lists", 3), ("dates", 0)]
    for tossed in itertools.product((False, True), repeat=len(cells)):
        check, chance = CoinCheck(), 1.0
        for cell, arm in zip(cells, tossed, strict=True):
            check.note(cell, arm=arm, probability=probability)
            chance *= probability if arm else 1 - probability
        mean += chance * math.exp(check.log_e)
    assert mean == pytest.approx(1, rel=1e-12)


def test_outcomes_that_are_missing_in_one_arm_raise_an_alarm() -> None:
    balanced, dodged = MissingCheck(), MissingCheck()
    for number in range(400):
        arm = number % 5 != 0
        balanced.note(arm=arm, probability=0.8, missing=number % 7 == 0)
        dodged.note(arm=arm, probability=0.8, missing=not arm and number % 10 == 0)
    assert not balanced.alarmed
    assert dodged.alarmed


def test_predictions_are_drawn_from_the_half_to_the_whole_and_from_the_whole_to_the_cell() -> None:
    predictor = Predictor(1)
    assert predictor.predict(CELL) == [Prediction(mean=0.5, treated=0.5, control=0.5)]
    for _ in range(50):
        predictor.note(CELL, [1.0], treated=True)
        predictor.note(("dicts", 1), [0.0], treated=False)
    (known,), (unknown,) = predictor.predict(CELL), predictor.predict(("dates", 0))
    assert known.mean > 0.9
    assert 0.4 < unknown.mean < 0.6
    assert known.treated > 0.9
    assert predictor.predict(("dicts", 1))[0].control < 0.1


@pytest.mark.parametrize(("difficulty", "step"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.99, 4), (1.0, 4)])
def test_difficulties_fall_into_five_steps(difficulty: float, step: int) -> None:
    task = Task(id="t", name="t", goal="Do it.", skills=("lists", "dicts"), difficulty=difficulty)
    assert cell_of(task) == ("lists", step)


def test_a_curve_keeps_its_ends_and_stays_bounded() -> None:
    curve = Curve()
    for unit in range(1, 10_001):
        curve.note(unit, unit / 10)
    points = curve.all()
    assert len(points) <= MOST_POINTS + 1
    assert points[-1] == (10_000, 1000.0)
    steps = {after[0] - before[0] for before, after in itertools.pairwise(points[:-1])}
    assert len(steps) == 1
