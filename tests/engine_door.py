"""A Docker engine that can be taken away without harm to the real one: a socket of our own that leads to it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ENGINE = "/var/run/docker.sock"
CHUNK = 1 << 16


class EngineDoor:
    """Connections to `path` reach the engine while the door is open; closing it breaks those that there are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []

    def open(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen()
        threading.Thread(target=self._admit, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        assert self._listener is not None
        self._path.unlink()
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._ends.clear()

    def _admit(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(ENGINE)
                self._ends += [client, engine]
                threading.Thread(target=_connect, args=(client, engine), daemon=True).start()


def _connect(client: socket.socket, engine: socket.socket) -> None:
    with client, engine:
        back = threading.Thread(target=_carry, args=(engine, client), daemon=True)
        back.start()
        _carry(client, engine)
        back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """All that comes, and then the end of it, which Docker's attach streams send while they go on listening."""
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def engine_door(path: Path) -> Iterator[EngineDoor]:
    """An open door; reached with DOCKER_HOST=unix://PATH."""
    door = EngineDoor(path)
    door.open()
    try:
        yield door
    finally:
        door.close()
