"""Which stems stand how often in which text, in arrays: every text is looked at for every query, all at once."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from memory.rule_arrays import reached

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


class Postings:
    """Texts as bags of stems, by row; a row that is put again leaves a gap, and gaps are closed once they are half."""

    def __init__(self) -> None:
        """No text."""
        self.length = 0
        """Of all texts together, in words."""
        self._numbers: dict[str, int] = {}
        self._having: list[int] = []
        self._spans: dict[int, slice] = {}
        self._lengths: Floats = np.zeros(0)
        self._stem, self._row = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
        self._count: Floats = np.zeros(0)
        self._size = self._gaps = 0

    @property
    def texts(self) -> int:
        """How many there are."""
        return len(self._spans)

    @property
    def lengths(self) -> Floats:
        """Words of each row's text, an array by row."""
        return self._lengths

    def having(self, stem: str) -> int:
        """How many texts have this stem."""
        number = self._numbers.get(stem)
        return 0 if number is None else self._having[number]

    def put(self, row: int, bag: Mapping[str, int]) -> None:
        """Take a text in: how often each stem stands in it."""
        self._forget(row)
        numbers = [self._number(stem) for stem in bag]
        for number in numbers:
            self._having[number] += 1
        span = self._spans[row] = slice(self._size, self._size + len(bag))
        self._size = span.stop
        self._stem, self._row = reached(self._stem, span.stop), reached(self._row, span.stop)
        self._count = reached(self._count, span.stop)
        self._stem[span], self._row[span], self._count[span] = numbers, row, list(bag.values())
        self._lengths = reached(self._lengths, row + 1)
        self._lengths[row] = sum(bag.values())
        self.length += sum(bag.values())

    def of(self, weights: Mapping[str, float]) -> tuple[Rows, Floats, Floats]:
        """Where these stems stand: rows, the stems' weights and their counts there; arrays of one shape."""
        by_number = np.zeros(len(self._having) + 1)
        for stem, weight in weights.items():
            by_number[self._numbers.get(stem, -1)] = weight
        by_number[-1] = 0.0  # where stems that nobody has were put, and gaps are
        found = by_number[self._stem[: self._size]]
        places = found.nonzero()[0]
        return self._row[places], found[places], self._count[places]

    def _number(self, stem: str) -> int:
        number = self._numbers.setdefault(stem, len(self._having))
        if number == len(self._having):
            self._having.append(0)
        return number

    def _forget(self, row: int) -> None:
        span = self._spans.pop(row, None)
        if span is None:
            return
        for number in self._stem[span].tolist():
            self._having[number] -= 1
        self.length -= int(self._lengths.item(row))
        self._stem[span] = -1
        self._gaps += span.stop - span.start
        if 2 * self._gaps > self._size:
            self._close_gaps()

    def _close_gaps(self) -> None:
        self._forget_stems()
        size = 0
        for row, span in self._spans.items():  # in the order of their places
            kept = slice(size, size + span.stop - span.start)
            for each in (self._stem, self._row, self._count):
                each[kept] = each[span]
            self._spans[row], size = kept, kept.stop
        self._size, self._gaps = size, 0

    def _forget_stems(self) -> None:
        """Those that no text has any more get no place, or each new lesson would make the arrays longer for ever."""
        kept = {stem: number for stem, number in self._numbers.items() if self._having[number]}
        moved = np.full(len(self._having) + 1, -1, dtype=np.intp)
        moved[list(kept.values())] = np.arange(len(kept))
        self._stem[: self._size] = moved[self._stem[: self._size]]
        self._having = [self._having[number] for number in kept.values()]
        self._numbers = {stem: place for place, stem in enumerate(kept)}
