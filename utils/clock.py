"""Time as an argument: a clock that can be injected."""

import time
from datetime import UTC, datetime
from typing import Protocol

_SLEEPLESS: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's; elsewhere a night that was slept through shows as a clock that went forward."""


class Clock(Protocol):
    """Where the program gets its time from."""

    def now(self) -> datetime:
        """The date and time, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back, from any start; they stand still while the machine sleeps."""
        ...

    def elapsed_s(self) -> float:
        """Seconds that never go back, from any start; they go on while the machine sleeps."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The date and time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def elapsed_s(self) -> float:
        """Seconds since some moment; where the system has no such clock, that of `monotonic_s`."""
        if _SLEEPLESS is None:
            return time.monotonic()
        return time.clock_gettime(_SLEEPLESS)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, e.g. 2026-01-31T23:59:59.123Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_between(start: str, end: str) -> float:
    """Seconds from one moment in ISO 8601 to another, as the log has them."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
