"""Bets on a coin: fair whatever happens, and won by whoever knows what the coin does."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.evidence.bets import BINARY, CERTIFICATE, PROVEN, RETIREMENT, SCORE, Wealth, log_factors, log_sum

PROBABILITY = st.floats(0.01, 0.99)


@given(PROBABILITY, st.floats(-30, 30))
def test_a_bet_is_fair_for_every_probability_and_every_tilt(probability: float, tilt: float) -> None:
    won, lost = np.exp(log_factors([1.0, 0.0], probability, tilt)).tolist()
    assert probability * won + (1 - probability) * lost == pytest.approx(1, rel=1e-9)


@given(PROBABILITY, st.floats(-5, 5))
def test_a_factor_is_the_ratio_of_the_claimed_to_the_logged_probability(probability: float, tilt: float) -> None:
    claimed = 1 / (1 + math.exp(-(math.log(probability / (1 - probability)) + tilt)))
    found = np.exp(log_factors([1.0, 0.0], probability, tilt)).tolist()
    assert found == pytest.approx([claimed / probability, (1 - claimed) / (1 - probability)], rel=1e-9)


@pytest.mark.parametrize("bets", [BINARY, SCORE, CERTIFICATE, RETIREMENT])
def test_the_shares_of_the_stake_add_up_to_one(bets: object) -> None:
    weights = getattr(bets, "weights")  # noqa: B009  four mixtures, one look
    assert weights.sum() == pytest.approx(1)


def test_nine_tenths_of_the_stake_are_on_help() -> None:
    assert BINARY.weights[BINARY.helps].sum() == pytest.approx(0.9)
    assert SCORE.weights[SCORE.helps].sum() == pytest.approx(0.9)


def test_over_all_coins_of_five_units_the_mean_of_e_is_one_even_if_all_depends_on_the_past() -> None:
    """The whole tree of coins: outcome and prediction follow the coins before, as adaptive nights do."""
    probability, mean = 0.8, 0.0
    for coins in itertools.product((False, True), repeat=5):
        wealth, chance, outcome = Wealth(BINARY), 1.0, 1.0
        for arm in coins:
            prediction = 0.3 if outcome else 0.6
            wealth.bet(arm=arm, probability=probability, surprise=outcome - prediction)
            chance *= probability if arm else 1 - probability
            outcome = float(not arm) if outcome else 1.0  # of the next unit, from the coins so far
        mean += chance * math.exp(wealth.log_e)
    assert mean == pytest.approx(1, rel=1e-12)


def test_help_is_proven_where_treated_units_pass_and_controls_fail_and_stays_proven() -> None:
    wealth = Wealth(BINARY)
    for number in range(60):
        arm = number % 5 != 0
        wealth.bet(arm=arm, probability=0.8, surprise=float(arm) - 0.5)
    assert wealth.proven
    assert not wealth.harm_proven
    for number in range(200):
        arm = number % 5 != 0
        wealth.bet(arm=arm, probability=0.8, surprise=float(not arm) - 0.5)
    assert wealth.log_helps < math.log(PROVEN)
    assert wealth.proven
    assert wealth.harm_proven


@given(st.lists(st.tuples(st.booleans(), PROBABILITY, st.floats(0, 1), st.floats(0, 1)), max_size=40))
def test_the_parts_add_up_to_the_whole(units: list[tuple[bool, float, float, float]]) -> None:
    wealth = Wealth(BINARY)
    for arm, probability, outcome, prediction in units:
        wealth.bet(arm=arm, probability=probability, surprise=outcome - prediction)
    assert math.exp(wealth.log_helps) + math.exp(wealth.log_harms) == pytest.approx(math.exp(wealth.log_e))


def test_wealth_of_nights_side_by_side_is_that_of_each_alone() -> None:
    rng = np.random.default_rng(1)
    arms, outcomes = rng.random((3, 50)) < 0.8, rng.random((3, 50)).round()
    tilts = BINARY.lambdas * (outcomes[..., None] - 0.4)
    together = log_sum(log_factors(arms[..., None], 0.8, tilts).sum(axis=1), BINARY.weights)
    for night in range(3):
        alone = Wealth(BINARY)
        for arm, outcome in zip(arms[night].tolist(), outcomes[night].tolist(), strict=True):
            alone.bet(arm=arm, probability=0.8, surprise=outcome - 0.4)
        assert alone.log_e == pytest.approx(together[night], abs=1e-9)
