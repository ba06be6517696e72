"""One writer for each memory: a lock that dies with its holder, and a note of who holds it."""

import contextlib
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from utils.errors import InputError, StorageFault
from utils.files import json_text, write_atomically

LOCK_FILE, HOLDER_FILE = "writer.lock", "writer.json"


class WriterLock:
    """Held from `acquire` to `release`; the operating system releases it when the process dies."""

    def __init__(self, folder: Path) -> None:
        """Nothing is locked yet."""
        self._folder = folder
        self._lock = FileLock(folder / LOCK_FILE, timeout=0)

    def acquire(self, what: str, since: str) -> None:
        """Become the writer.

        Args:
            what: the command, for the people who meet the lock.
            since: ISO 8601.

        Raises:
            InputError: somebody else writes here; says who.
            StorageFault: the folder cannot be written.
        """
        try:
            self._lock.acquire()
        except Timeout:
            raise InputError(f"{self._folder} is in use by {describe_holder(self._folder)}; stop that first") from None
        except OSError as error:
            raise StorageFault(f"cannot lock {self._folder}: {error.strerror}") from error
        holder = {
            "command": what,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "schema_version": 1,
            "since": since,
        }
        try:
            write_atomically(self._folder / HOLDER_FILE, json_text(holder).encode())
        except StorageFault:
            self._lock.release()
            raise

    def try_acquire(self, what: str, since: str) -> bool:
        """Become the writer if nobody is."""
        try:
            self.acquire(what, since)
        except InputError:
            return False
        return True

    def release(self) -> None:
        """Let the next writer in."""
        with contextlib.suppress(OSError):  # on a disk that went read-only the note stays, and misleads nobody
            (self._folder / HOLDER_FILE).unlink(missing_ok=True)
        self._lock.release()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes; `since` is ISO 8601."""

    command: str
    host: str
    pid: int
    since: str


def read_holder(folder: Path) -> Holder | None:
    """Who writes there now, by the note that writers leave; None if nobody does. It takes no lock and disturbs nobody.

    A note of a process of this machine that is no more tells of nobody; one of another machine, or of a container, is
    believed.
    """
    try:
        note = json.loads((folder / HOLDER_FILE).read_text(encoding="utf-8"))
        holder = Holder(str(note["command"]), str(note["host"]), int(note["pid"]), str(note["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if holder.host == socket.gethostname() and not _lives(holder.pid) else holder


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is somebody else's
    return True


def describe_holder(folder: Path) -> str:
    """Who writes there, as far as the note tells."""
    try:
        holder = json.loads((folder / HOLDER_FILE).read_text(encoding="utf-8"))
        return f"`{holder['command']}` (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
