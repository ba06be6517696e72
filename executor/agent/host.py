"""The agent's way to its host."""

from __future__ import annotations

import os
import select

from executor.agent.frames import Inbox, packed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CHUNK = 1 << 16


class HostGone(Exception):  # noqa: N818  an end is no error
    """Nobody is there any more who could be told anything."""


class Host:
    """The agent's way to the host: messages in on fd 0, out on fd 1, neither of which ever blocks a job's watching."""

    def __init__(self, *, largest: int) -> None:
        self.inbox, self.outgoing, self.gone = Inbox(largest=largest), bytearray(), False
        self._input, self._output = 0, 1
        os.set_blocking(0, False)
        os.set_blocking(1, False)

    def read(self) -> None:
        """Take what is there."""
        try:
            data = os.read(self._input, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.gone = self.gone or not data
        self.inbox.feed(data)

    def write(self) -> None:
        """Hand out as much as goes."""
        try:
            del self.outgoing[: os.write(self._output, self.outgoing[: 4 * CHUNK])]
        except BlockingIOError:
            return
        except OSError:
            self.gone = True

    def tell(self, header: dict[str, Any], *blobs: bytes) -> None:
        """Queue one message."""
        self.outgoing += packed(header, *blobs)

    def flush(self) -> None:
        """Hand out everything, however long the host takes to read it, or until it is gone."""
        poller = select.poll()
        poller.register(self._output, select.POLLOUT)
        poller.register(self._input, 0)
        while self.outgoing and not self.gone:
            for fd, event in poller.poll():
                self.gone = self.gone or bool(event & (select.POLLHUP | select.POLLERR) and fd == self._input)
            self.write()

    def next(self) -> tuple[dict[str, Any] | None, bytes]:
        """The next message, however long it takes to come.

        Raises:
            HostGone: none will come.
        """
        poller = select.poll()
        poller.register(self._input, select.POLLIN)
        while (message := self.inbox.next()) is None:
            if self.gone:
                raise HostGone
            poller.poll()
            self.read()
        return message
