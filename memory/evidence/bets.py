"""Wealth that is won by betting on coins after the outcomes were seen: an e-process against "the arm changes nothing".

E = sum over i of w_i prod over s of q_i(A_s | Y_s) / pi_s(A_s), with q_i(1 | y) = s(logit pi_s + lambda_i (y - m_s)),
see arXiv 2512.04366 and Waudby-Smith and Ramdas (2024).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mixture:
    """The bets that run side by side, with the share of the stake that each begins with; the shares add up to 1."""

    lambdas: Floats
    weights: Floats


BINARY = Mixture(
    np.array([0.15, 0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, -0.25, -0.6, -1.2]),
    np.array([0.1] * 9 + [0.1 / 3] * 3),
)


class Wealth:
    """What the bets have made of a stake of 1."""

    def __init__(self, mixture: Mixture) -> None:
        self._lambdas = mixture.lambdas
        self._logs: Floats = np.log(mixture.weights)

    def bet(self, *, arm: bool, probability: float, outcome: float, prediction: float) -> None:
        """Bet on one coin of this probability of `arm`, after the outcome, with a prediction from the past."""
        odds = math.log(probability / (1 - probability)) + self._lambdas * (outcome - prediction)
        sign, chance = (1.0, probability) if arm else (-1.0, 1 - probability)
        self._logs = self._logs - np.logaddexp(0.0, -sign * odds) - math.log(chance)

    @property
    def log_helps(self) -> float:
        """Natural logarithm of the part that bet on a good effect."""
        return float(np.logaddexp.reduce(self._logs[self._lambdas > 0]))

    @property
    def log_harms(self) -> float:
        """Natural logarithm of the part that bet on a bad effect."""
        return float(np.logaddexp.reduce(self._logs[self._lambdas < 0]))

    @property
    def log_e(self) -> float:
        """Natural logarithm of all of it."""
        return float(np.logaddexp.reduce(self._logs))
