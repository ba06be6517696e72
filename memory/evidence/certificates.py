"""Certificates: which learned things are proven to help, each by its own dropout coin.

For each nominee of a unit that is no control the coin is "shown", with probability 1 - that of its dropping, and the
bets are those of memory.evidence.bets with the predictions

    m = logistic(o + lambda / 2),     o = the model's logit of passing without it, as the other coins fell,

which lie between what is expected with an effect of lambda and without. Bets are placed from the moment on in which a
thing goes on trial, which the past alone decides. The k-th that ever did, each version of a rule counting anew, is
certified once its evidence reaches k (k + 1) / 0.10: the sum of 1 / (k (k + 1)) is 1, so that a false certificate is
ever given with probability 0.10 at most, however many rules arrive and whenever (the bound by today's number of rules
does not hold where they arrive over time; permanent badges: arXiv 2501.19360). Numbers that are given by promise and
not at the first nomination halve the units to a certificate (docs/experiments.md). The same with negative lambdas
retires. "Supported now" is e-BH (Wang and Ramdas 2022) at 10 % and may vanish again.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from memory.evidence.bets import CERTIFICATE, RETIREMENT, Floats, log_factors, log_sum
from memory.rule_arrays import reached

Verdict = Literal["certified", "retired"]

FALSE_BADGES = 0.10
SMALLEST = 16
MOST_PENDING = 64
LAMBDAS = np.concatenate((CERTIFICATE.lambdas, RETIREMENT.lambdas))
HALF_LAMBDAS = LAMBDAS / 2
HALF = len(CERTIFICATE.lambdas)


class Trial(NamedTuple):
    """One nominee in a unit that was no control.

    Attributes:
        key: of the nominee, an id with its version.
        shown: what its coin said.
        probability: that it says so, in (0, 1).
        baseline: o, in logits.
    """

    key: str
    shown: bool
    probability: float
    baseline: float


def threshold(order: int | NDArray[np.int64]) -> float | Floats:
    """Ln of what the order-th thing ever tested, from 1, has to reach."""
    return np.log(order * (order + 1) / FALSE_BADGES)


def predictions(baseline: Floats | float) -> Floats:
    """M for each of the 16 lambdas; the last axis is lambda."""
    against = -HALF_LAMBDAS - np.asarray(baseline)[..., None]
    return np.asarray(1.0 / (1.0 + np.exp(against)))


class Certificates:
    """The evidence on every learned thing that was ever on trial."""

    def __init__(self) -> None:
        """None was."""
        self._rows: dict[str, int] = {}
        self._log_wealth = np.zeros((SMALLEST, 2 * HALF))
        self._stands: list[list[float]] = []
        """Ln E of helping and of harming, row by row; the highest that they ever were are the peaks."""
        self._peaks: list[list[float]] = []
        self._bounds: list[float] = []
        self._keys: list[str] = []
        self._highest: list[float] = []
        """No bet of the row stands higher; nor does a mean of them."""
        self._pending = array("d")
        """Of each bet that is not settled its row, whether the unit passed, and the trial."""
        self._counts: list[list[int]] = []
        """Dropped and failed, dropped and passed, shown and failed, shown and passed."""

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def enter(self, keys: Sequence[str]) -> None:
        """Number what goes on trial."""
        for key in keys:
            if key in self._rows:
                continue
            row = self._rows[key] = len(self._rows)
            self._counts.append([0, 0, 0, 0])
            self._log_wealth = reached(self._log_wealth, row + 1)
            self._stands.append([0.0, 0.0])
            self._peaks.append([0.0, 0.0])
            self._highest.append(0.0)
            self._bounds.append(float(threshold(row + 1)))
            self._keys.append(key)

    def settle(self, trials: Sequence[Trial], *, passed: bool) -> list[str]:
        """Place the bets on one unit; the keys of those that are certified or retired by it.

        No bet wins more than 1 / (the chance of what its coin said), so that it is known without settling them that
        none can have crossed its bound. Bets are settled once one could have, or somebody looks.
        """
        near = False
        for key, shown, probability, baseline in trials:
            row = self._rows[key]
            self._counts[row][2 * shown + passed] += 1
            self._highest[row] -= math.log(probability if shown else 1.0 - probability)
            near = near or self._highest[row] >= self._bounds[row]
            self._pending.extend((row, passed, shown, probability, baseline))
        return self._settle() if near or len(self._pending) >= 5 * MOST_PENDING else []

    def _settle(self) -> list[str]:
        """Settle the bets that wait; the keys of those that crossed a bound for the first time."""
        if not self._pending:
            return []
        bets = np.array(self._pending).reshape(-1, 5)
        del self._pending[:]
        rows = bets[:, 0].astype(np.intp)
        tilt = LAMBDAS * (bets[:, 1:2] - predictions(bets[:, 4]))
        path = self._follow(rows.tolist(), log_factors(bets[:, 2:3], bets[:, 3:4], tilt))
        highest = self._log_wealth[rows].max(axis=1).tolist()
        stood = zip(rows.tolist(), _parts(path).tolist(), highest, strict=True)
        return [self._keys[row] for row, parts, top in stood if self._note_height(row, parts, top)]

    def _follow(self, rows: list[int], factors: Floats) -> Floats:
        """Bet by bet what its row came to, for a row may come more than once."""
        path = np.empty_like(factors)
        for stood, row, factor in zip(path, rows, factors, strict=True):
            stood[:] = np.add(self._log_wealth[row], factor, out=self._log_wealth[row])
        return path

    def _note_height(self, row: int, parts: list[float], highest: float) -> bool:
        """Note the parts of a row, and its highest bet; whether a part crossed its bound for the first time."""
        self._stands[row], self._highest[row] = parts, highest
        peaks, bound, crossed = self._peaks[row], self._bounds[row], False
        for part, value in enumerate(parts):
            if value > peaks[part]:
                crossed = crossed or peaks[part] < bound <= value
                peaks[part] = value
        return crossed

    def order(self, key: str) -> int:
        """Its number, from 1; 0 for what was never on trial."""
        return self._rows.get(key, -1) + 1

    def log_helps(self, key: str) -> float:
        """The evidence now, as ln E; 0 for what was never on trial."""
        return self._now(key)[0]

    def log_harms(self, key: str) -> float:
        """Ln E of the retirement now."""
        return self._now(key)[1]

    def _now(self, key: str) -> tuple[float, float]:
        self._settle()
        row = self._rows.get(key)
        return (0.0, 0.0) if row is None else (self._stands[row][0], self._stands[row][1])

    def peaks(self, key: str) -> tuple[float, float]:
        """The highest ln E of helping and of harming ever."""
        self._settle()
        row = self._rows.get(key)
        return (0.0, 0.0) if row is None else (self._peaks[row][0], self._peaks[row][1])

    def counts(self, key: str) -> tuple[int, int, int, int]:
        """Units on trial: shown and passed, shown and failed, dropped and passed, dropped and failed; no controls."""
        row = self._rows.get(key)
        if row is None:
            return 0, 0, 0, 0
        dropped_failed, dropped_passed, shown_failed, shown_passed = self._counts[row]
        return shown_passed, shown_failed, dropped_passed, dropped_failed

    def verdict(self, key: str) -> Verdict | None:
        """Whether it was ever proven to harm, or to help; harm wins, for it came later."""
        if self._crossed(key, 1):
            return "retired"
        return "certified" if self._crossed(key, 0) else None

    def _crossed(self, key: str, part: int) -> bool:
        row = self._rows.get(key)
        return row is not None and self._peaks[row][part] >= self._bounds[row]

    def supported(self) -> set[str]:
        """e-BH at 10 % over everything ever on trial, by the evidence of now."""
        keys, size = list(self._rows), len(self._rows)
        if not size:
            return set()
        self._settle()
        log_e = np.array(self._stands)[:, 0]
        order = np.argsort(-log_e, kind="stable")
        enough = log_e[order] >= math.log(size / FALSE_BADGES) - np.log(np.arange(1, size + 1))
        last = np.flatnonzero(enough)
        return {keys[index] for index in order[: last[-1] + 1].tolist()} if len(last) else set()


def _parts(log_wealth: Floats) -> Floats:
    """Ln E of helping and of harming: (..., 16) -> (..., 2)."""
    halves = log_wealth.reshape(*log_wealth.shape[:-1], 2, HALF)
    return log_sum(halves, CERTIFICATE.weights)
