"""Alarms: were the coins tossed with the probabilities that were logged, and are outcomes missing in either arm alike?

Bets against the logged probabilities themselves. If a coin says yes with probability pi, the product over units of
e^(t A) / (1 - pi + pi e^t) is a test martingale for any fixed tilt t; a mixture over tilts on either side is one for
each group of units, and the average over groups is one for all; the k-th skill that comes up gets 1 / (k (k + 1)) of
its family's stake, and what is not given out yet is kept. Whether an outcome is missing is treated as any outcome: the
coin must be independent of it. An alarm is raised at 1000, so by honest coins with
probability 0.001 at most in each family, and it suspends the claim.
"""

import math
from array import array

import numpy as np

from memory.evidence.bets import MOST_PENDING, Floats, Wealth, log_factors, mixture
from memory.evidence.predictions import Cell

ALARM = 1000.0
TILTS = np.array([-1.2, -0.6, -0.3, 0.3, 0.6, 1.2])
MISSING = mixture(((-2.0, -1.0, -0.5, 0.5, 1.0, 2.0), 1.0))
MOST_STEPS = 50_000
"""Coins times groups that are settled at once: where there are thousands of skills it is done sooner."""
WHOLE, BY_SKILL, BY_LEVEL = 0.5, 0.25, 0.25
"""How the stake is shared between bets on all units and bets on those of one skill, or of one step of difficulty."""


def _log_sum_first(log_wealth: Floats) -> Floats:
    """Ln of the sum over the first axis, without overflow."""
    top = log_wealth.max(axis=0)
    return np.asarray(top + np.log(np.exp(log_wealth - top).sum(axis=0)))


class CoinCheck:
    """Bets against one kind of coin; settled when somebody looks, as those of Wealth are."""

    def __init__(self) -> None:
        """Nothing was tossed."""
        self._rows: dict[str | int, int] = {"": 0}
        """The whole, skills by name and steps of difficulty by number, in the order of their coming."""
        self._log_wealth: Floats = np.zeros((len(TILTS), 1))
        self._known: dict[Cell, int] = {}
        self._places: list[tuple[int, int, int]] = []
        self._pending = array("d")
        """Of each coin its cell's place, what it said and its probability."""
        self._most_pending = 3 * MOST_PENDING
        self._peak = 0.0

    def note(self, cell: Cell, *, arm: bool, probability: float) -> None:
        """One coin of this probability, in (0, 1)."""
        known = self._known.get(cell)
        self._pending.extend((self._place(cell) if known is None else known, arm, probability))
        if len(self._pending) >= self._most_pending:
            self._settle()

    def _place(self, cell: Cell) -> int:
        """Give a new cell its rows: of the whole, of its skill and of its step."""
        skill, level = (self._rows.setdefault(each, len(self._rows)) for each in cell)
        self._most_pending = 3 * min(MOST_PENDING, MOST_STEPS // len(self._rows))
        self._known[cell] = len(self._places)
        self._places.append((0, skill, level))
        return self._known[cell]

    def _settle(self) -> None:
        if not self._pending:
            return
        coins = np.array(self._pending).reshape(-1, 3)
        del self._pending[:]
        groups = np.array(self._places)[coins[:, 0].astype(np.intp)]
        factors = log_factors(coins[:, 1], coins[:, 2], TILTS[:, None])
        steps = np.zeros((len(TILTS), 1 + len(coins), len(self._rows)))
        steps[:, 0, : self._log_wealth.shape[1]] = self._log_wealth
        steps[:, np.arange(1, 1 + len(coins))[:, None], groups] = factors[:, :, None]
        path = np.cumsum(steps, axis=1)[:, 1:]
        self._log_wealth = path[:, -1]
        self._peak = max(self._peak, float(self._together(path).max()))

    def _together(self, path: Floats) -> Floats:
        """Ln E of all groups together, from the bets of each: (tilts, units, groups) -> units."""
        stakes = np.full(len(self._rows), math.log(WHOLE))
        kept = []
        for family, share in ((str, BY_SKILL), (int, BY_LEVEL)):
            mine = [row for name, row in self._rows.items() if row and isinstance(name, family)]
            order = np.arange(1, len(mine) + 1)
            stakes[mine] = math.log(share) - np.log(order * (order + 1))
            kept.append(share / (len(mine) + 1))
        groups = stakes + _log_sum_first(path) - math.log(len(TILTS))
        whole = np.concatenate((groups.T, np.full((1, path.shape[1]), math.log(sum(kept)))))
        return _log_sum_first(whole)

    @property
    def log_e(self) -> float:
        """Ln E of all bets together."""
        self._settle()
        return float(self._together(self._log_wealth[:, None])[0])

    @property
    def alarmed(self) -> bool:
        """Whether it ever reached 1000."""
        self._settle()
        return self._peak >= math.log(ALARM)


class MissingCheck:
    """Bets that outcomes are missing more often in one arm."""

    def __init__(self) -> None:
        """None is missing."""
        self._wealth = Wealth(MISSING)
        self.units = self.missing = 0

    def note(self, *, arm: bool, probability: float, missing: bool) -> None:
        """One unit, in the order of decision."""
        expected = self.missing / (self.units + 1)
        if missing or expected:  # a bet without any surprise wins and loses nothing
            self._wealth.bet(arm=arm, probability=probability, surprise=missing - expected)
        self.units += 1
        self.missing += missing

    @property
    def log_e(self) -> float:
        """Ln E."""
        return self._wealth.log_e

    @property
    def alarmed(self) -> bool:
        """Whether either side of the bets ever reached 1000."""
        return max(self._wealth.peak_helps, self._wealth.peak_harms) >= math.log(ALARM)
