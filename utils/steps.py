"""What everybody in a run is doing now and since when; safe to use from several threads."""

import statistics
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from utils.clock import Clock

KEPT = 50
"""Durations of each kind of step."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something under way: who does it (a unit, or the loop), what it is, and since when on the monotonic clock."""

    who: str
    what: str
    since_s: float


class Steps:
    """Steps begin and end; how long those of a kind usually take is remembered."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is under way."""
        self._clock = clock
        self._lock = threading.Lock()
        self._now: dict[str, Step] = {}
        self._took_s: dict[str, deque[float]] = {}

    @contextmanager
    def step(self, who: str, what: str) -> Iterator[None]:
        """Under way for as long as the context lasts; one at a time for each `who`, the outer one waits."""
        step = Step(who, what, self._clock.monotonic_s())
        with self._lock:
            outer, self._now[who] = self._now.get(who), step
        try:
            yield
        finally:
            self._end(step, outer)

    def _end(self, step: Step, outer: Step | None) -> None:
        ended_s = self._clock.monotonic_s()
        with self._lock:
            self._took_s.setdefault(step.what, deque(maxlen=KEPT)).append(ended_s - step.since_s)
            if outer is None:
                self._now.pop(step.who, None)
            else:
                self._now[step.who] = Step(outer.who, outer.what, ended_s)

    def under_way(self) -> list[Step]:
        """All steps under way, in the order in which their doers began."""
        with self._lock:
            return list(self._now.values())

    def usual_s(self, what: str) -> float | None:
        """The median of the latest steps of this kind; None before the first has ended."""
        with self._lock:
            took_s = list(self._took_s.get(what, ()))
        return statistics.median(took_s) if took_s else None
