import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from utils.clock import SystemClock
from utils.steps import Steps
from utils.watchdog import Watchdog


@dataclass(slots=True)
class Clock:
    moment_s: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.moment_s, UTC)

    def monotonic_s(self) -> float:
        return self.moment_s

    def elapsed_s(self) -> float:
        return self.moment_s


def test_a_step_that_takes_ten_times_as_long_as_usual_is_told_once_with_its_place(tmp_path: Path) -> None:
    clock, told = Clock(), list[str]()
    steps = Steps(clock)
    for took_s in (2.0, 3.0, 90.0):
        with steps.step("unit-1", "grading"):
            clock.moment_s += took_s
    assert steps.usual_s("grading") == 3.0
    dog = Watchdog(steps, clock, limit_s=None, least_s=5.0, stacks=tmp_path / "stuck.txt", told=told.append)
    with steps.step("unit-2", "grading"):
        for _ in range(31):
            clock.moment_s += 1
            dog.look()
        assert told == [f"stuck? unit-2 has been grading for 31 s; {tmp_path / 'stuck.txt'} tells where"]
        for _ in range(60):
            clock.moment_s += 1
            dog.look()
    dog.look()
    assert told[1:] == ["unit-2 goes on after 1 min 31 s of grading"]
    assert "test_a_step_that_takes_ten_times" in (tmp_path / "stuck.txt").read_text(encoding="utf-8")


def test_time_in_which_the_whole_program_stood_still_does_not_count(tmp_path: Path) -> None:
    clock, told = Clock(), list[str]()
    steps = Steps(clock)
    dog = Watchdog(steps, clock, limit_s=100.0, stacks=tmp_path / "stuck.txt", told=told.append)
    with steps.step("unit-1", "asking the model"):
        dog.look()
        clock.moment_s += 8 * 3600
        dog.look()
    assert told == []


def test_an_inner_step_stands_before_the_outer_one_which_goes_on_afterwards() -> None:
    clock = Clock()
    steps = Steps(clock)
    with steps.step("the loop", "keeping an attempt"):
        with steps.step("the loop", "asking the model"):
            assert [step.what for step in steps.under_way()] == ["asking the model"]
        assert [step.what for step in steps.under_way()] == ["keeping an attempt"]
    assert steps.under_way() == []


def test_the_thread_looks_by_itself(tmp_path: Path) -> None:
    heard = threading.Event()
    steps = Steps(SystemClock())
    with (
        steps.step("unit-1", "asking the model"),
        Watchdog(steps, SystemClock(), limit_s=0.05, stacks=tmp_path / "s.txt", told=lambda _: heard.set()),
    ):
        assert heard.wait(10)
