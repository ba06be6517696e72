import math

import numpy as np
import pytest

from memory.evidence.bets import BINARY, Wealth
from memory.evidence.power import (
    Effort,
    World,
    proven_within,
    quantile,
    units_to_proof,
    z_test_units,
)
from memory.evidence.predictions import KEEP, NOTHING_KNOWN, PSEUDO

HALVED = World(control=0.66, treated=0.88, holdout=0.2)
"""A repeat hazard that falls from .34 to .12."""


def one_night(world: World, *, seed: int, horizon: int) -> float:
    """The unit of the proof, bet by bet with the product's own wealth, on the coins that the simulation draws."""
    rng, wealth = np.random.default_rng(seed), Wealth(BINARY)
    total = weight = 0.0
    for unit in range(1, horizon + 1):
        arm = bool(rng.random(1)[0] >= world.holdout)
        outcome = float(rng.random(1)[0] < (world.treated if arm else world.control))
        guess = (total + PSEUDO * NOTHING_KNOWN) / (weight + PSEUDO)
        wealth.bet(arm=arm, probability=1 - world.holdout, surprise=outcome - guess)
        total, weight = KEEP * total + outcome, KEEP * weight + 1
        if wealth.log_helps >= math.log(1 / world.alpha):
            return unit
    return math.inf


@pytest.mark.parametrize("seed", range(8))
def test_the_simulation_is_the_product_s_own_test(seed: int) -> None:
    stops = units_to_proof(HALVED, Effort(nights=1, horizon=400, seed=seed))
    assert stops.tolist() == [one_night(HALVED, seed=seed, horizon=400)]


def test_a_hazard_of_34_percent_that_falls_to_12_is_proved_in_fewer_units_than_one_look_takes() -> None:
    """The marks are a median within 1.0 and an 80 % quantile within 1.7 of the fixed sample's size."""
    fixed = z_test_units(HALVED, power=0.8)
    stops = units_to_proof(HALVED, Effort(nights=4000, horizon=3000, seed=1, enough=0.95))
    ratios = [quantile(stops, share) / fixed for share in (0.5, 0.8)]
    assert fixed == 158
    assert ratios == pytest.approx([0.835, 1.55], abs=0.05)
    assert ratios[0] <= 1.0
    assert ratios[1] <= 1.7


def test_where_nothing_helps_at_most_one_night_in_twenty_ends_in_a_proof() -> None:
    """A look after every unit; the bound allows for three standard errors of 2000 nights."""
    nothing = World(control=0.5, treated=0.5, holdout=0.2)
    stops = units_to_proof(nothing, Effort(nights=2000, horizon=500, seed=2))
    assert proven_within(stops, 500) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert proven_within(stops, 500) > 0


def test_the_same_seed_gives_the_same_nights_and_stopping_early_changes_no_proof() -> None:
    effort = Effort(nights=200, horizon=600, seed=3)
    every = units_to_proof(HALVED, effort)
    some = units_to_proof(HALVED, Effort(nights=200, horizon=600, seed=3, enough=0.5))
    longer = units_to_proof(HALVED, Effort(nights=200, horizon=600, seed=3, enough=0.5, at_least=600))
    assert every.tolist() == units_to_proof(HALVED, effort).tolist() == longer.tolist()
    assert some[np.isfinite(some)].tolist() == every[np.isfinite(some)].tolist()
    assert 100 <= np.isfinite(some).sum() < 110


def test_a_quantile_is_the_unit_within_which_that_share_is_done() -> None:
    stops = np.array([30.0, 10.0, math.inf, 20.0])
    assert [quantile(stops, share) for share in (0.25, 0.5, 0.75, 0.76)] == [10, 20, 30, math.inf]
    assert proven_within(stops, 20) == 0.5


@pytest.mark.parametrize(
    ("world", "power", "units"),
    [
        (World(control=0.50, treated=0.75, holdout=0.5), 0.9, 154),  # R's power.prop.test: 76.7 in each group
        (World(control=0.34, treated=0.42, holdout=0.2), 0.8, 1817),
    ],
)
def test_the_fixed_sample_s_size_is_the_textbook_s(world: World, power: float, units: int) -> None:
    assert z_test_units(world, power=power) == units


def test_progress_is_told() -> None:
    told: list[int] = []
    units_to_proof(
        World(control=0.5, treated=0.5, holdout=0.2), Effort(nights=2, horizon=250, seed=1), progress=told.append
    )
    assert told == [100, 200]
