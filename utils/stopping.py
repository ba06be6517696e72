"""When a run ends: small conditions that compose with `|`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
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


def hours(most: float, clock: Clock) -> Stop:
    """After so many hours from now."""
    end_s = clock.monotonic_s() + most * 3600
    return Stop(lambda _: f"{most:g} hours are over" if clock.monotonic_s() >= end_s else None)


def until(hh_mm: str, clock: Clock) -> Stop:
    """At the next moment at which a clock on the wall here shows HH:MM."""
    end = next_time(hh_mm, clock.now().astimezone())
    return Stop(lambda _: f"it is {hh_mm}" if clock.now() >= end else None)


def next_time(hh_mm: str, now: datetime) -> datetime:
    """The next moment after `now` (aware) at which the local time is HH:MM."""
    hour, minute = map(int, hh_mm.split(":"))
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def file_exists(path: Path) -> Stop:
    """Once somebody makes this file."""
    return Stop(lambda _: f"{path} was made" if path.exists() else None)


def signalled(asked: Callable[[], str]) -> Stop:
    """Once a signal came; `asked` gives its name, empty before."""
    return Stop(lambda _: f"{asked()} received" if asked() else None)


def enough(settings: Settings) -> Stop:
    """When no further attempt is decided."""
    return Stop(lambda _: None) if settings.cycles is None else cycles(settings.cycles)


def of_settings(settings: Settings, clock: Clock, asked: Callable[[], str]) -> Stop:
    """All reasons to end that were asked for, and the two that always hold: a signal, a file `stop` in the memory."""
    stop = signalled(asked) | file_exists(settings.memory / STOP_FILE)
    if settings.hours is not None:
        stop |= hours(settings.hours, clock)
    if settings.until is not None:
        stop |= until(settings.until, clock)
    if settings.max_tokens is not None:
        stop |= tokens(settings.max_tokens)
    return stop
