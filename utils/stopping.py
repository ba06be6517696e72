"""When a run ends: small conditions that compose with `|`."""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path

from utils.clock import Clock
from utils.settings import Settings

STOP_FILE = "stop"
"""Made by somebody in the memory's folder, it ends the run, which then takes it away."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is."""

    decided: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A condition: the reason to end in words, or None to go on."""

    check: Callable[[Standing], str | None]

    def __or__(self, other: "Stop") -> "Stop":
        """Ends when either does; the left one's reason goes first."""
        return Stop(lambda standing: self.check(standing) or other.check(standing))


def cycles(most: int) -> Stop:
    """After so many decided attempts."""
    return Stop(lambda standing: f"{most} attempts done" if standing.decided >= most else None)


def tokens(most: int) -> Stop:
    """After so many tokens."""
    return Stop(lambda standing: f"{standing.tokens} tokens used" if standing.tokens >= most else None)


def hours(most: float, clock: Clock, *, spent_s: float = 0.0) -> Stop:
    """After so many hours from now, of which `spent_s` are over; a clock that is put right does not change them."""
    end_s = clock.elapsed_s() + most * 3600 - spent_s
    return Stop(lambda _: f"{most:g} hours are over" if clock.elapsed_s() >= end_s else None)


def until(hh_mm: str, clock: Clock, *, since: datetime | None = None) -> Stop:
    """At the next moment after `since`, or now, at which a clock on the wall here shows HH:MM."""
    end = next_time(hh_mm, since or clock.now())
    return Stop(lambda _: f"it is {hh_mm}" if clock.now() >= end else None)


def disk_nearly_full(folder: Path, *, reserve_mb: int) -> Stop:
    """Once less than the reserve (MiB) is free on the folder's disk: before it is full, so that the end can be kept."""

    def check(_: Standing) -> str | None:
        with contextlib.suppress(OSError):  # a disk that does not answer shows when it is written to
            free_mb = shutil.disk_usage(folder).free / 2**20
            if free_mb < reserve_mb:
                return (
                    f"the disk is nearly full: {free_mb:.0f} MiB are free at {folder}, and {reserve_mb} are to stay "
                    "free (BT_DISK_RESERVE_MB)"
                )
        return None

    return Stop(check)


def next_time(hh_mm: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The next moment after `now` at which a clock on the wall shows HH:MM, in UTC.

    An hour that comes twice, when clocks are put back, is met the first time that lies ahead. A time that is left out,
    when they are put forward, is met as far behind the change as it would have been without one (RFC 5545, 3.3.5).

    Args:
        hh_mm: the time.
        now: aware.
        zone: where the clock hangs; this machine's zone if not given.
    """
    hour, minute = map(int, hh_mm.split(":"))
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=days) for days in range(3))
    walls = (datetime.combine(day, time(hour, minute, fold=fold), zone) for day in days for fold in (0, 1))
    # a wall time without a zone is read in the machine's own
    return next(moment for moment in (wall.astimezone(UTC) for wall in walls) if moment > now)


def file_exists(path: Path) -> Stop:
    """Once somebody makes this file."""
    return Stop(lambda _: f"{path} was made" if path.exists() else None)


def signalled(asked: Callable[[], str]) -> Stop:
    """Once a signal came; `asked` gives its name, empty before."""
    return Stop(lambda _: f"{asked()} received" if asked() else None)


def enough(settings: Settings) -> Stop:
    """When no further attempt is decided."""
    return Stop(lambda _: None) if settings.cycles is None else cycles(settings.cycles)


def of_settings(settings: Settings, clock: Clock, asked: Callable[[], str], *, since: datetime | None = None) -> Stop:
    """All reasons to end that were asked for, and those that always hold: a signal, a file `stop`, a disk nearly full.

    Args:
        settings: what was asked for.
        clock: what time limits are measured with.
        asked: the name of the signal that came, empty before.
        since: when the run began that is gone on with, if its time limits are to hold.
    """
    stop = signalled(asked) | file_exists(settings.memory / STOP_FILE)
    if settings.disk_reserve_mb:
        stop |= disk_nearly_full(settings.memory, reserve_mb=settings.disk_reserve_mb)
    if settings.hours is not None:
        spent_s = 0.0 if since is None else max(0.0, (clock.now() - since).total_seconds())
        stop |= hours(settings.hours, clock, spent_s=spent_s)
    if settings.until is not None:
        stop |= until(settings.until, clock, since=since)
    if settings.max_tokens is not None:
        stop |= tokens(settings.max_tokens)
    return stop
