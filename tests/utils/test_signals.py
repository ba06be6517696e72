import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from utils.signals import StopRequest, handled

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, time
from utils.signals import StopRequest, handled

request = StopRequest(on_first=lambda name: print("first", name, flush=True))
with handled(request):
    print("ready", flush=True)
    print("waited", request.wait(30), flush=True)
    print("name", request.name, flush=True)
    time.sleep(30)
print("never reached")
"""


@contextmanager
def running(program: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as process:
        yield process
        process.kill()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


@pytest.mark.parametrize(("number", "name"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "Ctrl-C")])
def test_the_first_signal_asks_and_the_second_leaves_at_once(number: signal.Signals, name: str) -> None:
    with running(PROGRAM) as process:
        assert lines(process, 1) == ["ready"]
        process.send_signal(number)
        assert lines(process, 3) == [f"first {name}", "waited True", f"name {name}"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 128 + signal.SIGTERM
        assert process.communicate() == ("", "")


def test_a_signal_that_cannot_be_told_counts_all_the_same() -> None:
    told: list[str] = []

    def closed(name: str) -> None:
        told.append(name)
        raise BrokenPipeError("nobody reads")

    request = StopRequest(on_first=closed)
    request.receive(signal.SIGTERM, None)
    assert (told, request.is_set(), request.name) == (["SIGTERM"], True, "SIGTERM")


def test_waiting_takes_its_time_and_ends_early_once_asked() -> None:
    request = StopRequest(on_first=lambda _: None)
    started = time.monotonic()
    assert not request.wait(0.12)
    assert 0.11 < time.monotonic() - started < 3
    threading.Timer(0.1, request.receive, (signal.SIGINT, None)).start()
    started = time.monotonic()
    assert request.wait(20)
    assert time.monotonic() - started < 5


def test_signals_by_the_hundred_in_the_middle_of_waiting_never_hang() -> None:
    program = """
import os, signal, threading
from utils.signals import StopRequest

asked = []
for _ in range(300):
    request = StopRequest(on_first=asked.append)
    signal.signal(signal.SIGTERM, request.receive)
    threading.Timer(0.001, os.kill, (os.getpid(), signal.SIGTERM)).start()
    while not request.wait(0.0001):
        pass
print(len(asked))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=CHECKOUT, timeout=60, check=True
    )
    assert (ran.stdout, ran.stderr) == ("300\n", "")


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    request = StopRequest(on_first=lambda _: None)
    with handled(request):
        assert signal.getsignal(signal.SIGTERM) == request.receive
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.wait(5)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
