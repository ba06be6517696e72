"""Files that a program left, written to a person's folder.

Their names and contents are untrusted. They go into a folder that holds nothing yet, each opened from its parent's
descriptor, never through a link and never over anything; a name that could steer a terminal is not written.
"""

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from utils.errors import InputError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def require_empty(folder: Path) -> None:
    """Nothing, if the folder is not there yet or holds nothing.

    Raises:
        InputError: it is a link, no folder, holds something, or cannot be looked at.
    """
    try:
        if folder.is_symlink():
            raise InputError(f"--to {folder} is a link; name the folder itself")
        if any(folder.iterdir()):
            raise InputError(f"--to {folder} is not empty; name a new folder")
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise InputError(f"--to {folder} cannot be used: {getattr(error, 'strerror', None) or error}") from error


def write_all(artifacts: Mapping[str, bytes], folder: Path) -> list[str]:
    """The names of those that were written below folder, sorted; those with names that nobody would type are not.

    Raises:
        InputError: something is in the way, or the disk refuses; what was written before stays.
    """
    written = sorted(name for name in artifacts if _is_plain(name))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in written:
            _write(folder, name.split("/"), artifacts[name])
    except OSError as error:
        raise InputError(f"--to {folder} cannot be written to: {error.strerror}") from error
    return written


def _is_plain(name: str) -> bool:
    """Whether it is a relative path of printable characters that leads down only."""
    return name.isprintable() and not {"", ".", ".."} & set(name.split("/"))


def _write(folder: Path, parts: list[str], data: bytes) -> None:
    with ExitStack() as stack:
        place = _opened(os.open(folder, FOLDER), stack)
        for part in parts[:-1]:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=place)
            place = _opened(os.open(part, FOLDER, dir_fd=place), stack)
        with os.fdopen(os.open(parts[-1], NEW_FILE, 0o644, dir_fd=place), "wb") as file:
            file.write(data)


def _opened(fd: int, stack: ExitStack) -> int:
    stack.callback(os.close, fd)
    return fd
