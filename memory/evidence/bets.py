"""Bets on a coin whose probability was logged before it was tossed: evidence that survives any number of looks.

If an outcome y does not depend on a coin A that says yes with probability pi, nobody who knows y can bet on A with
profit. The bet with tilt t claims that yes has the odds e^t pi / (1 - pi). Its factor is

    q(A | y) / pi(A) = e^(t A) / (1 - pi + pi e^t),     t = lambda (y - m),

whose mean over the coin is 1 whatever y, m and the past are, so that the product over units is a test martingale and
exceeds 1/alpha ever with probability alpha at most (Ville 1939): under drift, adaptive choice, any dependence on the
past and a look after every unit. m is a prediction of y from the past alone. A mixture over lambda is a martingale,
too. Randomisation e-processes: arXiv 2512.04366; betting: Waudby-Smith and Ramdas 2024.

All functions broadcast: a leading axis may be nights or rules, the last one is lambda.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

PROVEN = 20.0
"""What a part of the evidence has to reach: 1 / 0.05."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Bets that are placed side by side: their lambdas, and the shares of the stake, arrays of one length."""

    lambdas: Floats
    weights: Floats

    @property
    def helps(self) -> NDArray[np.bool_]:
        """Which of them win if the outcome is larger with the coin."""
        return self.lambdas > 0


def mixture(*parts: tuple[tuple[float, ...], float]) -> Mixture:
    """Lambdas that share a weight evenly, part by part."""
    lambdas = [each for values, _ in parts for each in values]
    weights = [weight / len(values) for values, weight in parts for _ in values]
    return Mixture(np.array(lambdas), np.array(weights))


BINARY = mixture(((0.15, 0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0), 0.9), ((-0.25, -0.6, -1.2), 0.1))
"""For outcomes 0 or 1. Nine tenths of the stake are on help, one tenth on harm, so that this is provable too."""
SCORE = mixture(((0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0), 0.9), ((-0.2, -0.5, -1.0), 0.1))
"""For scores, in standard deviations."""
CERTIFICATE = mixture(((0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0), 1.0))
"""For one learned thing that may help."""
RETIREMENT = mixture(((-0.2, -0.4, -0.6, -0.8, -1.0, -1.3, -1.6, -2.0), 1.0))
"""For one that may harm."""


def log_factors(arm: ArrayLike, probability: ArrayLike, tilt: ArrayLike) -> Floats:
    """Ln of what a stake of 1 becomes: tilt x arm - ln(1 - probability + probability e^tilt).

    Args:
        arm: what the coin said, 0 or 1.
        probability: of 1, in (0, 1).
        tilt: lambda (y - m).
    """
    tilt = np.asarray(tilt, dtype=float)
    return np.asarray(np.asarray(arm) * tilt - np.log1p(np.asarray(probability) * np.expm1(tilt)))


def log_sum(log_wealth: Floats, weights: Floats) -> Floats:
    """Ln of the weighted sum over the last axis, without overflow."""
    top = log_wealth.max(axis=-1)
    return np.asarray(top + np.log(np.exp(log_wealth - top[..., None]) @ weights))


class Wealth:
    """What the bets on one claim have come to."""

    __slots__ = ("_bets", "log_wealth", "peak_harms", "peak_helps")

    def __init__(self, bets: Mixture) -> None:
        """Each stake is untouched."""
        self._bets = bets
        self.log_wealth: Floats = np.zeros(len(bets.lambdas))
        self.peak_helps, self.peak_harms = self.log_helps, self.log_harms
        """The highest that the parts ever were: what is proven once stays proven."""

    def bet(self, *, arm: bool, probability: float, outcome: float, prediction: float, sd: float = 1.0) -> None:
        """Settle the bets on one unit.

        Args:
            arm: what the coin said.
            probability: that it says yes, in (0, 1), as logged before.
            outcome: larger is better.
            prediction: of the outcome, from the past alone.
            sd: of the outcome about it, from the past alone; above 0.
        """
        self.log_wealth += log_factors(arm, probability, self._bets.lambdas * ((outcome - prediction) / sd))
        self.peak_helps = max(self.peak_helps, self.log_helps)
        self.peak_harms = max(self.peak_harms, self.log_harms)

    @property
    def log_e(self) -> float:
        """Ln E of all bets together."""
        return float(log_sum(self.log_wealth, self._bets.weights))

    @property
    def log_helps(self) -> float:
        """Ln of the part that won if the claim helps, with its share of the stake; -inf without such bets."""
        return self._part(self._bets.helps)

    @property
    def log_harms(self) -> float:
        """Ln of the part that won if it harms, with its share of the stake; -inf without such bets."""
        return self._part(~self._bets.helps)

    def _part(self, chosen: NDArray[np.bool_]) -> float:
        if not chosen.any():
            return -math.inf
        return float(log_sum(self.log_wealth[chosen], self._bets.weights[chosen]))

    @property
    def proven(self) -> bool:
        """Whether help was ever proven."""
        return self.peak_helps >= math.log(PROVEN)

    @property
    def harm_proven(self) -> bool:
        """Whether harm was ever proven."""
        return self.peak_harms >= math.log(PROVEN)
