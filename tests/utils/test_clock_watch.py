from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from utils import stopping
from utils.clock import SystemClock
from utils.clock_watch import ClockWatch
from utils.numbers import span_words
from utils.settings import load_settings
from utils.stopping import Standing

START = datetime(2026, 10, 25, 21, tzinfo=UTC)


@dataclass(slots=True)
class ThreeClocks:
    """Moved by hand: seconds since the start on the wall, awake, and in all."""

    wall_s: float = 0.0
    awake_s: float = 0.0
    all_s: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.wall_s)

    def monotonic_s(self) -> float:
        return self.awake_s

    def elapsed_s(self) -> float:
        return self.all_s

    def work(self, seconds: float) -> None:
        self.wall_s, self.awake_s, self.all_s = self.wall_s + seconds, self.awake_s + seconds, self.all_s + seconds

    def sleep(self, seconds: float) -> None:
        self.wall_s, self.all_s = self.wall_s + seconds, self.all_s + seconds


def test_a_clock_that_is_put_and_a_machine_that_slept_are_told_once_and_told_apart() -> None:
    clock = ThreeClocks()
    watch = ClockWatch(clock)
    clock.work(5000)
    clock.wall_s += 29
    assert watch.look() == ""
    clock.sleep(7500)
    assert watch.look() == "the machine slept for 2 h 5 min; --hours counts that time too"
    clock.wall_s -= 3600
    assert watch.look().startswith("the clock was put back by 1 h; --until goes by the clock, --hours by the time that")
    clock.sleep(60)
    clock.wall_s += 90
    assert "slept for 1 min; " in (told := watch.look())
    assert "put forward by 1 min 30 s" in told
    assert watch.look() == ""


def test_hours_count_sleep_and_no_change_of_the_clock_and_until_goes_by_the_clock() -> None:
    clock = ThreeClocks()
    after_8, at_6 = stopping.hours(8, clock), stopping.until("06:00", clock)
    clock.wall_s += 40 * 3600
    assert after_8.check(Standing(0, 0)) is None
    assert at_6.check(Standing(0, 0)) == "it is 06:00"
    clock.wall_s -= 40 * 3600
    assert at_6.check(Standing(0, 0)) is None
    clock.sleep(8 * 3600)
    assert after_8.check(Standing(0, 0)) == "8 hours are over"


def test_a_run_that_is_gone_on_with_has_the_time_limits_that_it_had() -> None:
    clock = ThreeClocks()
    settings = load_settings(hours=8, disk_reserve_mb=0)
    clock.work(2 * 3600)
    stop = stopping.of_settings(settings, clock, lambda: "", since=START)
    clock.work(6 * 3600 - 1)
    assert stop.check(Standing(0, 0)) is None
    clock.work(1)
    assert stop.check(Standing(0, 0)) == "8 hours are over"
    wall = START.astimezone() + timedelta(hours=1)
    late = load_settings(until=f"{wall:%H:%M}", disk_reserve_mb=0)
    reason = stopping.of_settings(late, clock, lambda: "", since=START).check(Standing(0, 0))
    assert reason == f"it is {wall:%H:%M}"  # the machine came up too late: the night is over, not the next one begun


def test_the_machines_own_clock_counts_sleep_apart() -> None:
    clock = SystemClock()
    assert clock.elapsed_s() - clock.monotonic_s() >= -1  # never less: all time that passed holds the waking time
    assert [span_words(seconds) for seconds in (0.4, 59.6, 61, 7200, 8000)] == [
        "0 s",
        "1 min",
        "1 min 1 s",
        "2 h",
        "2 h 13 min",
    ]
