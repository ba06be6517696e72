import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from executor.runner import Ended, Runner
from utils.errors import Defect, SandboxFault


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=3) as pool:
        yield pool


def all_ended(runner: Runner[int]) -> list[Ended[int]]:
    found: list[Ended[int]] = []
    while runner.running:
        found += runner.ended(5.0)
    return found


def lost() -> int:
    raise SandboxFault("lost")


def broken() -> int:
    raise KeyError("x")


def test_values_and_faults_come_back_under_their_keys(pool: ThreadPoolExecutor) -> None:
    runner: Runner[int] = Runner(pool, workers=3)
    fault = SandboxFault("lost")
    runner.submit("one", lambda: 1)
    runner.submit("two", lost)
    found = sorted(all_ended(runner), key=lambda ended: ended.key)
    assert found[0] == Ended("one", value=1)
    assert (found[1].key, found[1].value, repr(found[1].fault)) == ("two", None, repr(fault))


def test_a_defect_ends_one_job_and_not_the_others(pool: ThreadPoolExecutor) -> None:
    runner: Runner[int] = Runner(pool, workers=3)
    runner.submit("one", broken)
    runner.submit("two", lambda: 2)
    found = {ended.key: ended for ended in all_ended(runner)}
    assert isinstance(found["one"].fault, Defect)
    assert "KeyError" in str(found["one"].fault)
    assert found["two"].value == 2


def test_free_workers_are_counted(pool: ThreadPoolExecutor) -> None:
    runner: Runner[int] = Runner(pool, workers=2)
    gate = threading.Event()
    runner.submit("one", lambda: int(gate.wait(5)))
    assert (runner.free, runner.running) == (1, 1)
    runner.submit("two", lambda: int(gate.wait(5)))
    assert (runner.free, runner.running) == (0, 2)
    gate.set()
    assert {ended.key for ended in all_ended(runner)} == {"one", "two"}
    assert (runner.free, runner.running) == (2, 0)


def test_jobs_that_ended_meanwhile_come_in_the_order_of_their_start(pool: ThreadPoolExecutor) -> None:
    runner: Runner[int] = Runner(pool, workers=3)
    second = threading.Event()

    def slow() -> int:
        second.wait(5)
        return 1

    def quick() -> int:
        second.set()
        return 2

    runner.submit("slow", slow)
    runner.submit("quick", quick)
    pool.shutdown(wait=True)
    assert [ended.key for ended in runner.ended(5.0)] == ["slow", "quick"]


@pytest.mark.parametrize("busy", [False, True])
def test_waiting_takes_as_long_as_allowed_with_a_job_and_without(pool: ThreadPoolExecutor, *, busy: bool) -> None:
    runner: Runner[int] = Runner(pool, workers=3)
    gate = threading.Event()
    for number in range(busy):
        runner.submit(str(number), lambda: int(gate.wait(5)))
    started = time.monotonic()
    assert runner.ended(0.1) == []
    assert 0.09 < time.monotonic() - started < 3
    gate.set()


def test_waiting_ends_with_the_first_job(pool: ThreadPoolExecutor) -> None:
    runner: Runner[int] = Runner(pool, workers=3)
    gate = threading.Event()
    runner.submit("long", lambda: int(gate.wait(30)))
    runner.submit("short", lambda: 1)
    started = time.monotonic()
    assert [ended.key for ended in runner.ended(20.0)] == ["short"]
    assert time.monotonic() - started < 10
    gate.set()
