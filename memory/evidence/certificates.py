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
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from memory.evidence.bets import CERTIFICATE, RETIREMENT, Floats, log_factors, log_sum
from memory.rule_arrays import reached

Verdict = Literal["certified", "retired"]

FALSE_BADGES = 0.10
SMALLEST = 16
MOST_UNREAD = 64
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
        self._peaks: list[list[float]] = []
        self._bounds: list[float] = []
        self._keys: list[str] = []
        self._unread: list[tuple[list[int], Floats]] = []
        """Rows, and the bets on them after a unit, whose heights are not in the peaks yet."""
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
            self._peaks.append([0.0, 0.0])
            self._bounds.append(float(threshold(row + 1)))
            self._keys.append(key)

    def settle(self, trials: Sequence[Trial], *, passed: bool) -> list[str]:
        """Settle the bets on one unit; the keys of those that are certified or retired by it."""
        if not trials:
            return []
        rows = [self._rows[each.key] for each in trials]
        coins = np.array([(each.shown, each.probability, each.baseline) for each in trials])
        tilt = LAMBDAS * (passed - predictions(coins[:, 2]))
        wealth = self._log_wealth.take(rows, axis=0)
        wealth += log_factors(coins[:, :1], coins[:, 1:2], tilt)
        self._log_wealth[rows] = wealth
        for each, row in zip(trials, rows, strict=True):
            self._counts[row][2 * each.shown + passed] += 1
        self._unread.append((rows, wealth))
        lowest = min(self._bounds[row] for row in rows)
        # a part is a mean of its bets: it crosses no bound that none of them reaches, and can be read later
        if wealth.max() < lowest and len(self._unread) < MOST_UNREAD:
            return []
        return self._read()

    def _read(self) -> list[str]:
        """Note how high the evidence stood; the keys of those that crossed a bound for the first time."""
        if not self._unread:
            return []
        rows = [row for some, _ in self._unread for row in some]
        stood = _parts(np.concatenate([wealth for _, wealth in self._unread])).tolist()
        self._unread.clear()
        return [self._keys[row] for row, parts in zip(rows, stood, strict=True) if self._raise_peaks(row, parts)]

    def _raise_peaks(self, row: int, parts: list[float]) -> bool:
        """Note the parts of a row; whether one of them crossed its bound for the first time."""
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
        row = self._rows.get(key)
        if row is None:
            return 0.0, 0.0
        helps, harms = _parts(self._log_wealth[row]).tolist()
        return helps, harms

    def peaks(self, key: str) -> tuple[float, float]:
        """The highest ln E of helping and of harming ever."""
        self._read()
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
        self._read()
        row = self._rows.get(key)
        return row is not None and self._peaks[row][part] >= self._bounds[row]

    def supported(self) -> set[str]:
        """e-BH at 10 % over everything ever on trial, by the evidence of now."""
        keys, size = list(self._rows), len(self._rows)
        if not size:
            return set()
        log_e = _parts(self._log_wealth[:size])[:, 0]
        order = np.argsort(-log_e, kind="stable")
        enough = log_e[order] >= math.log(size / FALSE_BADGES) - np.log(np.arange(1, size + 1))
        last = np.flatnonzero(enough)
        return {keys[index] for index in order[: last[-1] + 1].tolist()} if len(last) else set()


def _parts(log_wealth: Floats) -> Floats:
    """Ln E of helping and of harming: (..., 16) -> (..., 2)."""
    halves = log_wealth.reshape(*log_wealth.shape[:-1], 2, HALF)
    return log_sum(halves, CERTIFICATE.weights)
