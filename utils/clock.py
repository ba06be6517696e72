"""Time as an argument: a clock that can be injected."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the program gets its time from."""

    def now(self) -> datetime:
        """The date and time, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back, from any start."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The date and time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, e.g. 2026-01-31T23:59:59.123Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
