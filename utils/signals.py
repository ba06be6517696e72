"""Ctrl-C and SIGTERM: the first asks to stop, the second leaves at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
EXIT_BASE = 128


class StopRequest:
    """Whether somebody asked to stop, and how."""

    def __init__(self, *, on_first: Callable[[str], None]) -> None:
        """`on_first` is told the signal's name; it should return at once."""
        self._on_first = on_first
        self._event = threading.Event()
        self.name = ""

    def is_set(self) -> bool:
        """Whether a signal came."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past a signal; whether one came."""
        return self._event.wait(seconds)

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        if self._event.is_set():
            os._exit(EXIT_BASE + number)  # everything that counts is on the disk already
        self.name = NAMES.get(signal.Signals(number), str(number))
        self._event.set()
        self._on_first(self.name)


@contextmanager
def handled(request: StopRequest) -> Iterator[None]:
    """Route both signals to the request for as long as the context lasts."""
    before = {number: signal.signal(number, request.receive) for number in NAMES}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
