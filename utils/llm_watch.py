"""Ends an exchange with a server that has gone silent, or that a person does not want to wait for any more.

A blocking read cannot look at a flag, and one timeout for all reads cannot tell the wait for the first token, during
which a server may load its model for minutes, from a stall. So a thread looks on and shuts the socket down, which wakes
the reader at once. What it does not cover: name look-up and connecting, which have the timeout of the socket.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from utils.clock import Clock
from utils.llm_endpoint import Patience

End = Literal["stopped", "stalled", "overlong"]
_TICK_S = 0.1


class Watch:
    """Looks on while one exchange runs; use it as a context manager around the exchange.

    Args:
        patience: first_token_s, stall_s and answer_s are kept to.
        stopping: whether a person asked to stop.
        clock: what the limits are measured with.
    """

    def __init__(self, patience: Patience, *, stopping: Callable[[], bool], clock: Clock) -> None:
        self._patience, self._stopping, self._clock = patience, stopping, clock.monotonic_s
        self._started = self._last_byte = clock.monotonic_s()
        self._spoken = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._ended: End | None = None
        self._thread = threading.Thread(target=self._look_on, name="model-watch", daemon=True)

    @property
    def ended(self) -> End | None:
        """Why the watch ended the exchange; None if it did not."""
        return self._ended

    @property
    def why(self) -> str:
        """The end in words."""
        if self._ended == "overlong":
            return f"no end of the answer after {self._patience.answer_s:g} s"
        if self._spoken:
            return f"not a byte for {self._patience.stall_s:g} s in the middle of an answer"
        return f"no answer within {self._patience.first_token_s:g} s"

    @property
    def elapsed_s(self) -> float:
        """Seconds since the exchange began."""
        return self._clock() - self._started

    def connected(self, connection: socket.socket) -> None:
        """This is the socket to shut down; called again when TLS wraps it."""
        with self._lock:
            self._socket = connection
            if self._ended is not None:
                _shut(connection)

    def heard(self) -> None:
        """A byte came."""
        self._last_byte = self._clock()

    def spoken(self) -> None:
        """A token came: from now on silence is a stall."""
        self._spoken = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _look_on(self) -> None:
        tick_s = min(_TICK_S, self._patience.stall_s / 4)
        while not self._done.wait(tick_s):
            if (end := self._due()) is not None:
                with self._lock:
                    self._ended = end
                    if self._socket is not None:
                        _shut(self._socket)
                return

    def _due(self) -> End | None:
        now, patience = self._clock(), self._patience
        if self._stopping():
            return "stopped"
        if now - self._started > patience.answer_s:
            return "overlong"
        silence_ends = self._last_byte + patience.stall_s
        if not self._spoken:
            silence_ends = max(silence_ends, self._started + patience.first_token_s)
        return "stalled" if now > silence_ends else None


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already, or was handed on to TLS
        connection.shutdown(socket.SHUT_RDWR)
