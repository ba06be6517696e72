"""What a goal comes to: figures beside the marks that they have to reach."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.worlds.arrays import Bools
from memory.builder_model import Floats, Numbers

Sense = Literal["<=", ">=", ">"]
WHOLE_FROM = 10
"""Figures of this size are told without decimals."""
BATCH = 250
"""Nights that are flown at once: their arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure; without a mark it is told and not judged."""

    name: str
    value: float
    sense: Sense = "<="
    mark: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is within its mark."""
        if self.mark is None:
            return True
        if self.sense == "<=":
            return self.value <= self.mark
        return self.value >= self.mark if self.sense == ">=" else self.value > self.mark

    def __str__(self) -> str:
        """As the table tells it."""
        told = f"{self.value:.0f}" if abs(self.value) >= WHOLE_FROM else f"{self.value:.3g}"
        if self.mark is None:
            return f"{self.name} {told}"
        return f"{self.name} {told} ({self.sense} {self.mark:g}){'' if self.met else ' MISSED'}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a goal's nights are flown; 1 for the figures that count."""

    share: float = 1.0

    def nights(self, full: int) -> int:
        """So many of them, 8 at least."""
        return max(8, round(full * self.share))

    def batches(self, full: int) -> Iterator[tuple[int, int]]:
        """A seed and a number of nights for each batch."""
        left, seed = self.nights(full), 1
        while left:
            size = min(left, BATCH)
            yield seed, size
            left, seed = left - size, seed + 1


FULL = Size()


def rate(batches: Iterable[Bools]) -> float:
    """The share of nights, over all batches."""
    return float(np.concatenate(list(batches)).mean())


def quantile(batches: Iterable[Numbers], share: float) -> float:
    """The quantile of units until something happened, 0 for never: infinite if that is among the never."""
    found = np.concatenate(list(batches)).astype(float)
    return float(np.quantile(np.where(found > 0, found, np.inf), share, method="higher"))


def mean(batches: Iterable[Floats]) -> float:
    """The mean over nights, over all batches."""
    return float(np.concatenate(list(batches)).mean())
