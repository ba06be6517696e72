"""Alarms: were the coins tossed with the probabilities that were logged, and are outcomes missing in either arm alike?

Bets against the logged probabilities themselves. If a coin says yes with probability pi, the product over units of
e^(t A) / (1 - pi + pi e^t) is a test martingale for any fixed tilt t; a mixture over tilts on either side is one for
each group of units, and the average over groups is one for all; the k-th skill that comes up gets 1 / (k (k + 1)) of
its family's stake, and what is not given out yet is kept. Whether an outcome is missing is treated as any outcome: the
coin must be independent of it. An alarm is raised at 1000, so by honest coins with
probability 0.001 at most in each family, and it suspends the claim.
"""

import math
from collections.abc import Iterable

import numpy as np

from memory.evidence.bets import Floats, Wealth, log_factors, log_sum, mixture
from memory.evidence.predictions import Cell

ALARM = 1000.0
TILTS = np.array([-1.2, -0.6, -0.3, 0.3, 0.6, 1.2])
SHARES = np.full(len(TILTS), 1 / len(TILTS))
MISSING = mixture(((-2.0, -1.0, -0.5, 0.5, 1.0, 2.0), 1.0))
WHOLE, BY_SKILL, BY_LEVEL = 0.5, 0.25, 0.25
"""How the stake is shared between bets on all units and bets on those of one skill, or of one step of difficulty."""


class _Group:
    """Bets on one group of units."""

    __slots__ = ("_log_wealth", "log_e")

    def __init__(self) -> None:
        self._log_wealth: Floats = np.zeros(len(TILTS))
        self.log_e = 0.0

    def bet(self, *, arm: bool, probability: float) -> None:
        self._log_wealth += log_factors(arm, probability, TILTS)
        self.log_e = float(log_sum(self._log_wealth, SHARES))


class CoinCheck:
    """Bets against one kind of coin."""

    def __init__(self) -> None:
        """Nothing was tossed."""
        self._whole = _Group()
        self._skills: dict[str, _Group] = {}
        self._levels: dict[int, _Group] = {}
        self.peak = 0.0
        """The highest ln E ever."""

    def note(self, cell: Cell, *, arm: bool, probability: float) -> None:
        """One coin of this probability, in (0, 1)."""
        skill, level = cell
        for group in (
            self._whole,
            self._skills.setdefault(skill, _Group()),
            self._levels.setdefault(level, _Group()),
        ):
            group.bet(arm=arm, probability=probability)
        self.peak = max(self.peak, self.log_e)

    @property
    def log_e(self) -> float:
        """Ln E of all bets together."""
        parts = (
            np.array([math.log(WHOLE) + self._whole.log_e]),
            math.log(BY_SKILL) + _shared(self._skills.values()),
            math.log(BY_LEVEL) + _shared(self._levels.values()),
        )
        return float(np.logaddexp.reduce(np.concatenate(parts)))

    @property
    def alarmed(self) -> bool:
        """Whether it ever reached 1000."""
        return self.peak >= math.log(ALARM)


def _shared(groups: Iterable[_Group]) -> Floats:
    """Ln of what groups in the order of their coming make of one stake together."""
    found = [group.log_e - math.log(order * (order + 1)) for order, group in enumerate(groups, 1)]
    return np.array([*found, -math.log(len(found) + 1)])


class MissingCheck:
    """Bets that outcomes are missing more often in one arm."""

    def __init__(self) -> None:
        """None is missing."""
        self._wealth = Wealth(MISSING)
        self.units = self.missing = 0
        self.peak = 0.0
        """The highest ln E ever."""

    def note(self, *, arm: bool, probability: float, missing: bool) -> None:
        """One unit, in the order of decision."""
        expected = self.missing / (self.units + 1)
        self._wealth.bet(arm=arm, probability=probability, outcome=float(missing), prediction=expected)
        self.units += 1
        self.missing += missing
        self.peak = max(self.peak, self.log_e)

    @property
    def log_e(self) -> float:
        """Ln E."""
        return self._wealth.log_e

    @property
    def alarmed(self) -> bool:
        """Whether it ever reached 1000."""
        return self.peak >= math.log(ALARM)
