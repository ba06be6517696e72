"""Units that wait, with their specs and coins, for a fault to pass or for the next run.

An outage is told and logged once when it begins, and once when it is over. Each unit that was being worked on is logged
as parked once in an outage; its tries meanwhile are not logged, for they come ever more seldom and each ends as the one
before.

One request may break a server each time. So a unit that met some faults lets another one go first, and if that one
goes through and the unit meets as many faults again, it is left for the next run. An outage does not pile units up: of
those that met many faults no more wait than there are workers, and one.
"""

from collections import Counter

from memory.events import Faulted, Parked, Recovered, Restarted
from memory.memory_manager import MemoryManager
from utils.clock import Clock
from utils.errors import Defect, Fault, Interrupted
from utils.numbers import span_words
from utils.waiting import Backoff

PATIENT_FAULTS = 3
"""After so many faults of a unit another one is tried before it."""
LONELY_S = 2 * 3600.0
"""So long after its first fault a unit is left for the next run if no other can show what is to blame."""
REASON_CHARS = 500
MESSAGE_CHARS = 2000


class Parking:
    """The parked units of a memory, and the outage that there may be."""

    def __init__(self, memory: MemoryManager, clock: Clock, *, model: str, longest_s: float, workers: int) -> None:
        """Nothing is parked yet.

        Args:
            memory: where it is logged.
            clock: tells how long a unit has met faults.
            model: whose units this run can finish.
            longest_s: from one try to the next while something is away.
            workers: how many units are worked on at the same time.
        """
        self._memory, self._clock, self._model, self._workers = memory, clock, model, workers
        self._waiting: list[str] = []
        self._faults: Counter[str] = Counter()
        self._first_fault_s: dict[str, float] = {}
        self._lately: Counter[str] = Counter()
        """Faults since another unit went through in its place, which gives it one more try."""
        self._overtaken: set[str] = set()
        self._backoff = Backoff(longest_s)
        self._away_since_s: float | None = None
        """When the outage began that was told of; elapsed seconds."""
        self.away = ""
        """What is away, in words; empty while nothing is known to be."""

    def begin(self) -> None:
        """Take every unit in flight to be parked: no run works on one now."""
        self._waiting = list(self._memory.state.in_flight)

    @property
    def mine(self) -> list[str]:
        """Parked units that this run's model can finish, in the order in which they were decided or parked."""
        flights = self._memory.state.in_flight
        return [unit for unit in self._waiting if flights[unit].spec.model == self._model]

    @property
    def others(self) -> int:
        """How many were begun with another model."""
        return len(self._waiting) - len(self.mine)

    @property
    def wants_another(self) -> bool:
        """Whether a new unit should go before the parked ones, to see what is to blame: they or the server."""
        mine = self.mine
        return len(mine) <= self._workers and all(self._lately[unit] >= PATIENT_FAULTS for unit in mine)

    @property
    def next(self) -> str | None:
        """The unit of `mine` that met the fewest faults; None if there is none."""
        return min(self.mine, key=self._lately.__getitem__, default=None)

    def give_up_lonely(self) -> None:
        """Leave units for the next run that met faults for hours, when there is no other unit to try in their place."""
        now_s = self._clock.monotonic_s()
        self._waiting = [unit for unit in self._waiting if now_s - self._first_fault_s.get(unit, now_s) < LONELY_S]

    def leave(self) -> str | None:
        """The next unit, no longer parked; None if there is none."""
        unit = self.next
        if unit is not None:
            self._waiting.remove(unit)
            if unit not in self._memory.state.running and not self._backoff.failures:
                self._memory.append([Restarted(unit_id=unit)])
        return unit

    def park(self, unit: str, fault: Fault) -> str:
        """Let a unit wait; what a person should be told, empty if that was said already.

        After a defect of this program, or if only this unit meets faults, it is left for the next run, so that it
        cannot stop this one for ever.
        """
        events: list[Faulted | Parked] = []
        self._faults[unit] += 1
        self._first_fault_s.setdefault(unit, self._clock.monotonic_s())
        self._lately[unit] += 1
        alone = unit in self._overtaken and self._faults[unit] >= 2 * PATIENT_FAULTS
        left = alone or isinstance(fault, Defect)
        begins = left or not (self.away or self._backoff.failures)
        told = begins and not isinstance(fault, Interrupted)
        if told and not left:
            self._away_since_s = self._clock.elapsed_s()
        if told:
            events.append(Faulted(fault=type(fault).__name__, message=str(fault)[:MESSAGE_CHARS]))
        if unit in self._memory.state.running:
            events.append(Parked(unit_id=unit, reason=str(fault)[:REASON_CHARS]))
        if not left and not isinstance(fault, Interrupted):
            self._waiting.append(unit)
            self.away = str(fault)
        if events:
            self._memory.append(events)
        return f"{fault}; the attempt is parked, nothing is counted against it" if told else ""

    def next_wait_s(self) -> float:
        """Seconds until what is away is tried again; longer each time."""
        return self._backoff.next_s()

    def back(self) -> str:
        """A unit went through: nothing is away; how long something was in words, empty if nothing was."""
        self._backoff.reset()
        self.away = ""
        for unit in self._waiting:
            if self._lately[unit] >= PATIENT_FAULTS:
                self._overtaken.add(unit)
                self._lately[unit] = PATIENT_FAULTS - 1
        since_s, self._away_since_s = self._away_since_s, None
        if since_s is None:
            return ""
        away_s = self._clock.elapsed_s() - since_s
        self._memory.append([Recovered(away_s=round(away_s, 3))])
        return f"it is back after {span_words(away_s)}"
