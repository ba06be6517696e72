"""The files of a job: what they take, what of them is handed out, and that none of them stays."""

# ruff: noqa: PTH106, PTH104, PTH101, PTH108, PTH118, PTH208, PTH123

from __future__ import annotations

import contextlib
import fnmatch
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MIB = 1 << 20
CHUNK = 1 << 16
MOST_ENTRIES = 10_000  # that a folder without limits of its own may hold, and that are looked at for artifacts
DEEPEST = 20  # folders between the working directory and an artifact
TERMINALS = ("/dev/pts", "/dev/pts/ptmx")  # which belong to the jobs where they share the agent's user
NETWORK = ("dev", "snmp", "snmp6", "netstat")


def disk_use(folder: str) -> tuple[int, int]:
    """Bytes on disk, and the number of entries, of a folder; links are not followed.

    Raises:
        OSError: something in it cannot be looked at: the job hides it.
    """
    size = count = 0
    folders = [folder]
    while folders and count <= MOST_ENTRIES:
        with contextlib.suppress(FileNotFoundError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                count += 1
                if count > MOST_ENTRIES:
                    break
                with contextlib.suppress(FileNotFoundError):  # it is gone meanwhile
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    folders += [entry.path] if entry.is_dir(follow_symlinks=False) else []
    return size, count


def space_used(root: str) -> tuple[int, int]:
    """Bytes and inodes in use on the file system at root."""
    found = os.statvfs(root)
    return (found.f_blocks - found.f_bfree) * found.f_frsize, found.f_files - found.f_ffree


class Artifacts:
    """Regular files below a folder whose paths fit one of the patterns, up to a number of bytes together."""

    def __init__(self, patterns: list[str], *, most_bytes: int) -> None:
        self._patterns, self._room = patterns, most_bytes
        self.found: list[tuple[str, bytes]] = []
        self.left_out = 0
        self._looked_at = 0

    def collect(self, folder: str) -> None:
        """Take what fits; links, pipes and devices are never opened, what cannot be read is left out.

        The folder itself is opened once and without following a link: a job may have put one in its place.
        """
        with contextlib.suppress(OSError):
            self._take_folder(folder, None, "", 0)

    def _take_folder(self, name: str, inside: int | None, before: str, depth: int) -> None:
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
        try:
            with os.scandir(fd) as entries:
                for entry in sorted(entries, key=lambda each: each.name)[: MOST_ENTRIES - self._looked_at]:
                    self._looked_at += 1
                    self._take_entry(entry, fd, before, depth)
        finally:
            os.close(fd)

    def _take_entry(self, entry: os.DirEntry[str], fd: int, before: str, depth: int) -> None:
        path = before + entry.name
        if entry.is_dir(follow_symlinks=False):
            with contextlib.suppress(OSError):
                if depth < DEEPEST:
                    self._take_folder(entry.name, fd, path + "/", depth + 1)
        elif any(fnmatch.fnmatchcase(path, pattern) for pattern in self._patterns):
            self._take(entry.name, fd, path)

    def _take(self, name: str, fd: int, path: str) -> None:
        data = _content(name, fd, self._room)
        if data is None:
            self.left_out += 1
            return
        self._room -= len(data)
        self.found.append((path, data))


def _content(name: str, folder: int, most: int) -> bytes | None:
    """What a regular file in an open folder holds; None for anything else, and for one that holds more."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        with contextlib.suppress(OSError):
            data = file.read(most + 1)
            return data if len(data) <= most else None
    return None


def empty(root: str) -> None:
    """Remove all below root. Folders are moved up before they are emptied, so no depth is too deep.

    Raises:
        OSError: something cannot be removed.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        place = os.path.join(root, folder) if folder else root
        if folder:
            os.chmod(place, 0o700)
        for name in os.listdir(place):
            path = os.path.join(place, name)
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                os.unlink(path)
            elif not folder:
                waiting.append(name)
            else:
                moved = f".{os.urandom(12).hex()}"  # no name that a job could have taken on purpose
                os.chmod(path, 0o700)  # a folder is written to when its parent changes
                os.rename(path, os.path.join(root, moved))
                waiting.append(moved)
        if folder:
            os.rmdir(place)


def reset_times(roots: list[str]) -> None:
    """Give everything that stays the same times again; a job could have written a message into them."""
    for path in (*roots, *TERMINALS):
        with contextlib.suppress(OSError):  # it is another's, hence no job's either
            os.utime(path, (0, 0))


def modes(roots: list[str]) -> dict[str, int]:
    """The rights of everything that stays, where it is there."""
    found = {}
    for path in (*roots, *TERMINALS):
        with contextlib.suppress(OSError):
            found[path] = os.stat(path).st_mode  # noqa: PTH116
    return found


def network_counters() -> dict[str, str]:
    """What the network namespace counts. Where nothing has moved, no connection lingers either (TIME_WAIT)."""
    found = {}
    for name in NETWORK:
        with contextlib.suppress(OSError), open(f"/proc/net/{name}", encoding="ascii") as counters:
            found[name] = counters.read()
    return found


def traces() -> dict[str, Any]:
    """What a job could leave outside of its files and processes: System V's queues, semaphores and shared memory."""
    found: dict[str, Any] = {}
    for kind in ("msg", "sem", "shm"):
        with contextlib.suppress(OSError), open(f"/proc/sysvipc/{kind}", encoding="ascii") as listing:
            found[kind] = len(listing.readlines())
    return found
