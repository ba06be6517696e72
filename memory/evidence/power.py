"""How many attempts a proof takes: the e-process of memory.evidence.bets, run over many simulated nights at once.

A night has one coin for each unit (treated with probability 1 - h) and outcomes of 0 or 1 that depend on the arm alone,
with larger meaning better. After each unit the wealth of the bets that the arm helps,

    E = sum over lambda_i > 0 of w_i prod over s of q_i(A_s | Y_s) / pi(A_s),
    q_i(1 | y) = s(logit pi + lambda_i (y - m_s)),

is looked at; the night stops when it reaches 1/alpha. m_s is the discounted mean of the past (gamma .995, shrunk to 1/2
with 2 pseudo-counts). Sources: the e-process for randomised experiments, arXiv 2512.04366; betting, Waudby-Smith and
Ramdas (2024, JRSS B 86:1); Ville's inequality (1939) makes 1/alpha hold for any number of looks.

Not covered: tasks of different difficulty, drift, effects that grow while more is learned, missing outcomes. They
change how long a proof takes, never whether it is valid.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from memory.evidence.bets import BINARY, log_factors
from memory.evidence.predictions import KEEP, NOTHING_KNOWN, PSEUDO

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is simulated.

    Attributes:
        control, treated: rates of the better outcome in the two arms, 0..1; treated > control.
        holdout: probability of the control arm, in (0, 1).
        alpha: how often a night without any effect may end in a proof, in (0, 1).
    """

    control: float
    treated: float
    holdout: float
    alpha: float = 0.05

    @property
    def difference(self) -> float:
        """How far the rates are apart."""
        return self.treated - self.control


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is simulated.

    Attributes:
        nights: 1 or more.
        horizon: the last unit of a night, 1 or more.
        seed: of everything that is drawn.
        enough: once this share of the nights has its proof, the others are left alone,
        at_least: but not before this unit.
    """

    nights: int
    horizon: int
    seed: int
    enough: float = 1.0
    at_least: int = 0


@dataclass(slots=True)
class _Nights:
    """The nights that are not decided yet; arrays of one value a night, `logs` of nights x lambdas."""

    number: NDArray[np.intp]
    logs: Floats
    total: Floats
    weight: Floats

    def keep(self, going: Bools) -> None:
        """Forget the others."""
        self.number, self.logs = self.number[going], self.logs[going]
        self.total, self.weight = self.total[going], self.weight[going]


def units_to_proof(world: World, effort: Effort, *, progress: Callable[[int], None] | None = None) -> Floats:
    """For each night, shape (nights,), the unit at which its proof came; infinity if that was not seen.

    Args:
        world: what is simulated.
        effort: how much of it; the same seed gives the same nights.
        progress: told the number of units now and then.
    """
    nights = effort.nights
    rng = np.random.default_rng(effort.seed)
    bets = BINARY.lambdas > 0
    lambdas, weights = BINARY.lambdas[bets], BINARY.weights[bets]
    stops = np.full(nights, np.inf)
    open_nights = _Nights(
        np.arange(nights), np.tile(np.log(weights), (nights, 1)), np.zeros(nights), np.zeros(nights)
    )  # fmt: skip
    for unit in range(1, effort.horizon + 1):
        proven = _play(open_nights, world, lambdas, rng)
        stops[open_nights.number[proven]] = unit
        if proven.any():
            open_nights.keep(~proven)
        if unit >= effort.at_least and len(open_nights.number) <= (1.0 - effort.enough) * nights:
            break
        if progress is not None and unit % 100 == 0:
            progress(unit)
    return stops


def _play(nights: _Nights, world: World, lambdas: Floats, rng: np.random.Generator) -> Bools:
    """One more unit in each night; whether that proved it."""
    count = len(nights.number)
    treated = rng.random(count) >= world.holdout
    outcome = (rng.random(count) < np.where(treated, world.treated, world.control)).astype(np.float64)
    guess = (nights.total + PSEUDO * NOTHING_KNOWN) / (nights.weight + PSEUDO)
    nights.total = KEEP * nights.total + outcome
    nights.weight = KEEP * nights.weight + 1.0
    return _wins(nights, (outcome - guess)[:, None] * lambdas, treated, world)


def _wins(nights: _Nights, tilt: Floats, treated: Bools, world: World) -> Bools:
    """Pay the bets out, tilt being lambda (y - m), nights x lambdas; whether the wealth reached 1/alpha."""
    nights.logs += log_factors(treated[:, None], 1.0 - world.holdout, tilt)
    top = nights.logs.max(axis=1)
    wealth = top + np.log(np.exp(nights.logs - top[:, None]).sum(axis=1))
    return np.asarray(wealth >= -math.log(world.alpha))


def quantile(stops: Floats, share: float) -> float:
    """The number of units within which this share of the nights has its proof; infinity if too few have one."""
    place = max(1, math.ceil(share * len(stops) - 1e-9)) - 1
    return float(np.sort(stops)[place])


def proven_within(stops: Floats, units: int) -> float:
    """The share of the nights that have their proof within so many units."""
    return float((stops <= units).mean())


def z_test_units(world: World, *, power: float) -> int:
    """Units that the two-sided z-test of two rates needs, both arms together, for one look at the end and no other.

    n = (z_(1 - alpha/2) sqrt(p q (1/h + 1/(1 - h))) + z_power sqrt(p1 q1/(1 - h) + p0 q0/h))^2 / (p1 - p0)^2 with
    p = h p0 + (1 - h) p1 (Fleiss, Levin and Paik 2003, section 4.2, for unequal arms, no continuity correction).
    """
    h, p0, p1 = world.holdout, world.control, world.treated
    pooled = h * p0 + (1 - h) * p1
    under_null = math.sqrt(pooled * (1 - pooled) * (1 / h + 1 / (1 - h)))
    as_is = math.sqrt(p1 * (1 - p1) / (1 - h) + p0 * (1 - p0) / h)
    normal = NormalDist()
    reach = normal.inv_cdf(1 - world.alpha / 2) * under_null + normal.inv_cdf(power) * as_is
    return math.ceil((reach / world.difference) ** 2)
