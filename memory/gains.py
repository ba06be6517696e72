"""What attempts brought, by what they were chosen for: gain in the expected success at tasks of medium difficulty.

An attempt's gain is how far the levels of its task's skills (0..1, see Learning.level) moved with its outcome, summed.
As long as outcomes are as forecast it is 0 on average, so that what is left is what practice brought and nobody saw
coming. Older attempts count less and less. Not covered: what an attempt is good for besides, such as a check that finds
a loss, or a new task that turns out to be hard; hence the floors in trainer.shares.
"""

import math
from collections.abc import Iterable

KEEPS = 0.99
"""Of an attempt's weight, after the next one that was chosen for the same."""
DOUBTED = 20.0
"""Attempts for nothing, which a kind of choice counts as having had besides its own."""


class Gains:
    """Discounted sums for each kind of choice."""

    def __init__(self) -> None:
        """Nothing was tried."""
        self._count: dict[str, float] = {}
        self._sum: dict[str, float] = {}
        self._square: dict[str, float] = {}

    def note(self, slot: str, gain: float) -> None:
        """A graded attempt ended."""
        for kept, value in ((self._count, 1.0), (self._sum, gain), (self._square, gain * gain)):
            kept[slot] = KEEPS * kept.get(slot, 0.0) + value

    def mean(self, slot: str) -> float | None:
        """Gain per attempt, in -1..1 for a task of one skill; None without any."""
        return self._sum[slot] / self._count[slot] if slot in self._count else None

    def ahead(self, slot: str, of: Iterable[str]) -> float:
        """How far this kind's gain is above that of all these kinds, in standard errors; towards 0 where it is new."""
        kinds = [each for each in of if each in self._count]
        if slot not in kinds:
            return 0.0
        whole = sum(self._count[each] for each in kinds)
        mean = sum(self._sum[each] for each in kinds) / whole
        variance = sum(self._square[each] for each in kinds) / whole - mean * mean
        if variance <= 0:
            return 0.0
        own = self._count[slot]
        return (self._sum[slot] - own * mean) / math.sqrt(variance * (own + DOUBTED))

    def clear(self) -> None:
        """Another Builder."""
        for kept in (self._count, self._sum, self._square):
            kept.clear()
