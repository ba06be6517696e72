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
from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memory.evidence.curve import Curve

Floats = NDArray[np.float64]

PROVEN = 20.0
"""What a part of the evidence has to reach: 1 / 0.05."""
LOG_PROVEN = math.log(PROVEN)
MOST_PENDING = 256


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Bets that are placed side by side: their lambdas, and the shares of the stake, arrays of one length."""

    lambdas: Floats
    weights: Floats
    helps: slice
    """Those that win if the outcome is larger with the coin."""
    harms: slice
    """Those that win if it is smaller."""


def mixture(*parts: tuple[tuple[float, ...], float]) -> Mixture:
    """Lambdas that share a weight evenly, part by part."""
    lambdas = [each for values, _ in parts for each in values]
    weights = [weight / len(values) for values, weight in parts for _ in values]
    return Mixture(np.array(lambdas), np.array(weights), _run(lambdas, 1), _run(lambdas, -1))


def _run(lambdas: list[float], sign: int) -> slice:
    """Where those of this sign are, which stand side by side."""
    places = [place for place, each in enumerate(lambdas) if each * sign > 0]
    return slice(places[0], places[-1] + 1) if places else slice(0)


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
    """Ln of the weighted sum over the last axis, without overflow; each row is summed in the same order."""
    top = log_wealth.max(axis=-1)
    return np.asarray(top + np.log((np.exp(log_wealth - top[..., None]) * weights).sum(axis=-1)))


class Wealth:
    """What the bets on one claim have come to.

    Bets are settled when somebody looks, many at once; the figures do not depend on when that is.
    """

    __slots__ = ("_bets", "_curve", "_log_wealth", "_now", "_pending", "_proven_at", "_tops", "units")

    def __init__(self, bets: Mixture) -> None:
        """Each stake is untouched."""
        self._bets = bets
        self._log_wealth: Floats = np.zeros(len(bets.lambdas))
        self._pending = array("d")
        """Of each unit its coin, the coin's probability and the surprise."""
        self._now: list[float] = self._parts(self._log_wealth[None, :])[0].tolist()
        self._tops: list[float] = list(self._now)
        self._proven_at = [0, 0]
        self.units = 0
        """How many were bet on."""
        self._curve = Curve()

    def bet(self, *, arm: bool, probability: float, surprise: float) -> None:
        """Bet on one unit.

        Args:
            arm: what the coin said.
            probability: that it says yes, in (0, 1), as logged before.
            surprise: the outcome, larger is better, less its prediction from the past alone; in its standard
                deviations, where it is not 0 or 1.
        """
        self._pending.extend((arm, probability, surprise))
        self.units += 1
        if len(self._pending) == 3 * MOST_PENDING:
            self._settle()

    def _settle(self) -> None:
        if not self._pending:
            return
        bets = np.array(self._pending).reshape(-1, 3)
        del self._pending[:]
        factors = log_factors(bets[:, :1], bets[:, 1:2], bets[:, 2:] * self._bets.lambdas)
        factors[0] += self._log_wealth
        path = factors.cumsum(axis=0)
        self._log_wealth = path[-1]
        parts, first = self._parts(path), self.units - len(path) + 1
        self._now = parts[-1].tolist()
        for part, column in enumerate(parts.T):
            self._note_part(part, column, first)
        for unit, value in enumerate(parts[:, 0].tolist(), first):
            self._curve.note(unit, value)

    def _note_part(self, part: int, column: Floats, first: int) -> None:
        """The highest that a part ever was, and the unit that proved it."""
        self._tops[part] = max(self._tops[part], float(column.max()))
        if not self._proven_at[part] and self._tops[part] >= LOG_PROVEN:
            self._proven_at[part] = first + int(np.argmax(column >= LOG_PROVEN))

    def _parts(self, path: Floats) -> Floats:
        """Ln of the parts on help and on harm, (units, 2); -inf for a part without bets."""
        found = np.full((len(path), 2), -math.inf)
        for part, side in enumerate((self._bets.helps, self._bets.harms)):
            if side.stop:
                found[:, part] = log_sum(path[:, side], self._bets.weights[side])
        return found

    @property
    def log_wealth(self) -> Floats:
        """Ln of each bet."""
        self._settle()
        return self._log_wealth

    @property
    def log_e(self) -> float:
        """Ln E of all bets together."""
        return float(log_sum(self.log_wealth, self._bets.weights))

    @property
    def log_helps(self) -> float:
        """Ln of the part that won if the claim helps, with its share of the stake; -inf without such bets."""
        self._settle()
        return self._now[0]

    @property
    def log_harms(self) -> float:
        """Ln of the part that won if it harms, with its share of the stake; -inf without such bets."""
        self._settle()
        return self._now[1]

    @property
    def peak_helps(self) -> float:
        """The highest that `log_helps` ever was."""
        self._settle()
        return self._tops[0]

    @property
    def peak_harms(self) -> float:
        """The highest that `log_harms` ever was."""
        self._settle()
        return self._tops[1]

    @property
    def proven_at(self) -> int:
        """After how many units help was proven; 0 if it was not. What is proven once stays proven."""
        self._settle()
        return self._proven_at[0]

    @property
    def harm_proven_at(self) -> int:
        """After how many units harm was proven; 0 if it was not."""
        self._settle()
        return self._proven_at[1]

    @property
    def history(self) -> list[tuple[int, float]]:
        """Ln of the part on help after some of the units, the last one among them."""
        self._settle()
        return self._curve.all()

    @property
    def proven(self) -> bool:
        """Whether help was ever proven."""
        return self.proven_at > 0

    @property
    def harm_proven(self) -> bool:
        """Whether harm was ever proven."""
        return self.harm_proven_at > 0
