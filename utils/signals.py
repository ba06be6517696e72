"""Ctrl-C and SIGTERM: the first asks to stop, the second leaves at once.

A handler runs in the main thread between two of its steps, whatever lock that thread holds just then. So nothing here
takes a lock: an Event that is set by a handler while the same thread is inside of `wait` would hang for ever.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
EXIT_BASE = 128
NAP_S = 0.05
RESTING_NAP_S = 1.0


class StopRequest:
    """Whether somebody asked to stop, and how."""

    def __init__(self, *, on_first: Callable[[str], None]) -> None:
        """`on_first` is told the signal's name; it should return at once."""
        self._on_first = on_first
        self.name = ""

    def is_set(self) -> bool:
        """Whether a signal came."""
        return bool(self.name)

    def wait(self, seconds: float) -> bool:
        """Sleep, but at most NAP_S past a signal; whether one came."""
        end_s = time.monotonic() + seconds
        while not self.name and (left_s := end_s - time.monotonic()) > 0:
            time.sleep(min(NAP_S, left_s))
        return self.is_set()

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        if self.name:
            os._exit(EXIT_BASE + number)  # everything that counts is on the disk already
        self.name = NAMES.get(signal.Signals(number), str(number))
        # it may come while the same stream is being written (RuntimeError), or nobody reads any more (OSError)
        with contextlib.suppress(RuntimeError, OSError):
            self._on_first(self.name)


def rest(told: Callable[[], None]) -> None:
    """Do nothing until Ctrl-C or SIGTERM comes; `told` is called once both are waited for."""
    request = StopRequest(on_first=lambda _: None)
    with handled(request):
        told()
        while not request.is_set():
            time.sleep(RESTING_NAP_S)


@contextmanager
def handled(request: StopRequest) -> Iterator[None]:
    """Route both signals to the request for as long as the context lasts."""
    before = {number: signal.signal(number, request.receive) for number in NAMES}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
