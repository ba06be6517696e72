import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import stopping
from utils.settings import load_settings
from utils.stopping import Standing, Stop, next_time

CHECKOUT = Path(__file__).resolve().parents[2]
NOTHING = Standing(decided=0, tokens=0)
NEW_YORK, BERLIN, SYDNEY, KOLKATA = map(
    ZoneInfo, ("America/New_York", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata")
)


@dataclass(slots=True)
class Clock:
    """Stands still until it is moved."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 6, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return self.moment.timestamp()

    def elapsed_s(self) -> float:
        return self.monotonic_s()

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


def test_attempts_and_tokens_are_counted() -> None:
    assert [stopping.cycles(3).check(Standing(decided, 0)) for decided in (2, 3, 4)] == [
        None, "3 attempts done", "3 attempts done",
    ]  # fmt: skip
    assert [stopping.tokens(100).check(Standing(0, used)) for used in (99, 100, 120)] == [
        None, "100 tokens used", "120 tokens used",
    ]  # fmt: skip


def test_hours_count_from_now() -> None:
    clock = Clock()
    stop = stopping.hours(1.5, clock)
    clock.pass_by(minutes=89.9)
    assert stop.check(NOTHING) is None
    clock.pass_by(minutes=0.1)
    assert stop.check(NOTHING) == "1.5 hours are over"


def test_a_time_of_day_ends_the_run_once_it_has_come() -> None:
    clock = Clock()
    wall = (clock.moment + timedelta(hours=2)).astimezone()
    stop = stopping.until(f"{wall:%H:%M}", clock)
    clock.pass_by(minutes=119)
    assert stop.check(NOTHING) is None
    clock.pass_by(minutes=1)
    assert stop.check(NOTHING) == f"it is {wall:%H:%M}"
    clock.pass_by(days=2)
    assert stop.check(NOTHING) == f"it is {wall:%H:%M}"


def test_a_file_ends_the_run_once_it_is_there(tmp_path: Path) -> None:
    stop = stopping.file_exists(tmp_path / "stop")
    assert stop.check(NOTHING) is None
    (tmp_path / "stop").touch()
    assert stop.check(NOTHING) == f"{tmp_path / 'stop'} was made"


def test_a_signal_ends_the_run() -> None:
    names = [""]
    stop = stopping.signalled(lambda: names[0])
    assert stop.check(NOTHING) is None
    names[0] = "SIGTERM"
    assert stop.check(NOTHING) == "SIGTERM received"


def test_of_several_reasons_the_first_one_given_is_told() -> None:
    never, left, right = Stop(lambda _: None), Stop(lambda _: "left"), Stop(lambda _: "right")
    assert [stop.check(NOTHING) for stop in (never | never, never | right, left | never, left | right)] == [
        None, "right", "left", "left",
    ]  # fmt: skip
    assert (never | never | right).check(NOTHING) == "right"


@pytest.mark.parametrize(
    ("given", "event", "reason"),
    [
        ({}, lambda clock: clock.pass_by(days=9999), None),
        ({"hours": 8}, lambda clock: clock.pass_by(hours=8), "8 hours are over"),
        ({"max_tokens": 5}, lambda _: None, "7 tokens used"),
        ({"hours": 8, "max_tokens": 5}, lambda clock: clock.pass_by(hours=8), "8 hours are over"),
        ({"until": "00:00"}, lambda clock: clock.pass_by(hours=24), "it is 00:00"),
    ],
)
def test_settings_become_reasons(
    tmp_path: Path, given: dict[str, object], event: Callable[[Clock], None], reason: str | None
) -> None:
    clock = Clock()
    stop = stopping.of_settings(load_settings(memory=tmp_path, **given), clock, lambda: "")
    assert stop.check(NOTHING) is None
    event(clock)
    assert stop.check(Standing(decided=4, tokens=7)) == reason


def test_a_signal_and_the_stop_file_always_count(tmp_path: Path) -> None:
    settings, names = load_settings(memory=tmp_path, max_tokens=1), [""]
    stop = stopping.of_settings(settings, Clock(), lambda: names[0])
    (tmp_path / "stop").touch()
    assert stop.check(Standing(1, 1)) == f"{tmp_path / 'stop'} was made"
    names[0] = "Ctrl-C"
    assert stop.check(Standing(1, 1)) == "Ctrl-C received"


def test_enough_is_a_number_of_attempts_or_never(tmp_path: Path) -> None:
    some, all_ = (stopping.enough(load_settings(memory=tmp_path, cycles=cycles)) for cycles in (2, None))
    assert [some.check(Standing(1, 0)), some.check(Standing(2, 0)), all_.check(Standing(10**9, 0))] == [
        None, "2 attempts done", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "now", "hh_mm", "expected"),
    [
        (BERLIN, "2026-06-01T21:00+02:00", "23:30", "2026-06-01T23:30+02:00"),
        (BERLIN, "2026-06-01T23:31+02:00", "06:30", "2026-06-02T06:30+02:00"),
        (BERLIN, "2026-06-01T06:30+02:00", "06:30", "2026-06-02T06:30+02:00"),
        (BERLIN, "2026-06-01T06:29:59+02:00", "06:30", "2026-06-01T06:30+02:00"),
        (BERLIN, "2026-12-31T23:59+01:00", "00:00", "2027-01-01T00:00+01:00"),
        (KOLKATA, "2026-06-01T23:00Z", "07:00", "2026-06-02T07:00+05:30"),
        # clocks are put forward in the night
        (NEW_YORK, "2026-03-07T22:00-05:00", "06:30", "2026-03-08T06:30-04:00"),
        (BERLIN, "2026-03-28T22:00+01:00", "07:00", "2026-03-29T07:00+02:00"),
        (SYDNEY, "2026-10-03T22:00+10:00", "07:00", "2026-10-04T07:00+11:00"),
        # and back
        (NEW_YORK, "2026-10-31T22:00-04:00", "06:30", "2026-11-01T06:30-05:00"),
        (BERLIN, "2026-10-24T22:00+02:00", "07:00", "2026-10-25T07:00+01:00"),
        # a time that is left out
        (NEW_YORK, "2026-03-08T00:00-05:00", "02:30", "2026-03-08T03:30-04:00"),
        (NEW_YORK, "2026-03-08T03:10-04:00", "02:30", "2026-03-08T03:30-04:00"),
        (NEW_YORK, "2026-03-08T03:40-04:00", "02:30", "2026-03-09T02:30-04:00"),
        # a time that comes twice
        (NEW_YORK, "2026-11-01T00:00-04:00", "01:30", "2026-11-01T01:30-04:00"),
        (NEW_YORK, "2026-11-01T01:45-04:00", "01:30", "2026-11-01T01:30-05:00"),
        (NEW_YORK, "2026-11-01T01:45-05:00", "01:30", "2026-11-02T01:30-05:00"),
    ],
)
def test_the_wall_clock_is_right_when_it_is_changed_in_between(
    zone: ZoneInfo, now: str, hh_mm: str, expected: str
) -> None:
    assert next_time(hh_mm, datetime.fromisoformat(now), zone) == datetime.fromisoformat(expected)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  UTC is added
    st.integers(0, 23), st.integers(0, 59), st.sampled_from([NEW_YORK, BERLIN, SYDNEY, KOLKATA, ZoneInfo("UTC")]),
)  # fmt: skip
def test_the_next_time_lies_ahead_within_a_day_and_shows_on_the_wall(
    now: datetime, hour: int, minute: int, zone: ZoneInfo
) -> None:
    end = next_time(f"{hour:02}:{minute:02}", now, zone)
    shown = end.astimezone(zone)
    assert timedelta(0) < end - now <= timedelta(hours=25)
    skipped = (end - timedelta(hours=3)).astimezone(zone).utcoffset() != shown.utcoffset()
    assert (shown.hour, shown.minute) == (hour, minute) or (skipped and shown.minute == minute)


def test_this_machines_zone_is_asked_for_its_rules_and_not_for_todays_offset() -> None:
    program = (
        "from datetime import datetime\nfrom utils.stopping import next_time\n"
        "print(next_time('06:30', datetime.fromisoformat('2026-03-08T03:00:00+00:00')).isoformat())\n"
        "print(next_time('06:30', datetime.fromisoformat('2026-11-01T02:00:00+00:00')).isoformat())\n"
        "print(next_time('01:30', datetime.fromisoformat('2026-11-01T05:45:00+00:00')).isoformat())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TZ": "America/New_York"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.split() == [
        "2026-03-08T10:30:00+00:00",
        "2026-11-01T11:30:00+00:00",
        "2026-11-01T06:30:00+00:00",
    ]
