"""Several workers at once: units end in another order than they were decided, and who ends first depends on the arm."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from benchmarks.worlds.arrays import Bools
from benchmarks.worlds.fly import Flight
from memory.builder_model import Floats, Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a unit takes, times a draw from the exponential distribution with mean 1."""

    usual: float = 1.0
    treated: float = 2.0
    failed: float = 2.0
    treated_failed: float = 1.0
    """Times the three above, for units that are both."""


@dataclass(slots=True)
class Crew(Flight):
    """Nights with several workers; a decision knows what was folded before it, and nothing else.

    Attributes:
        workers: at once.
        pace: how long units take.
        in_order: evidence advances in the order of decision, up to the first unit that is not finished; if not, in the
                order of finishing, which is wrong.
        noise: draws of what neither coins nor replies decide.
    """

    workers: int = 4
    pace: Pace = field(default_factory=Pace)
    in_order: bool = True
    noise: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    _done: Bools = field(init=False)
    _next: Numbers = field(init=False)

    def fly(self) -> Self:
        """All units; what is under way at the end is finished, too."""
        units, nights = self.world.units, self.world.nights
        self._done, self._next = np.zeros((units, nights), dtype=bool), np.zeros(nights, dtype=np.intp)
        rows, until = np.arange(nights), np.zeros((nights, self.workers))
        holds = np.zeros((nights, self.workers), dtype=np.intp)
        for unit in range(units):
            worker = until.argmin(axis=1)
            if unit >= self.workers:
                self._finish(holds[rows, worker])
            self.decide(unit)
            holds[rows, worker] = unit
            until[rows, worker] += self._takes(unit)
        for _ in range(self.workers):
            worker = until.argmin(axis=1)
            self._finish(holds[rows, worker])
            until[rows, worker] = np.inf
        return self

    def _takes(self, unit: int) -> Floats:
        pace, treated, failed = self.pace, ~self.history.control[unit], ~self.history.passed[unit]
        times = pace.usual * np.where(treated, pace.treated, 1.0) * np.where(failed, pace.failed, 1.0)
        times = times * np.where(treated & failed, pace.treated_failed, 1.0)
        return np.asarray(times * -np.log1p(-self.noise.random(self.world.nights)))

    def _finish(self, units: Numbers) -> None:
        rows = np.arange(self.world.nights)
        self.learn(units)
        if not self.in_order:
            self.fold(rows, units)
            return
        self._done[units, rows] = True
        while len(rows := self._ready()):
            self.fold(rows, self._next[rows])
            self._next[rows] += 1

    def _ready(self) -> Numbers:
        """The nights whose next unit in the order of decision has finished."""
        last = self.world.units - 1
        done = self._done[np.minimum(self._next, last), np.arange(self.world.nights)]
        return np.flatnonzero((self._next <= last) & done)
