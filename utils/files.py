"""Files that are whole or not there, names that stay where they belong, JSON that people can read."""

import contextlib
import hashlib
import json
import math
import os
import re
from pathlib import Path
from typing import Any

from utils.errors import InputError, StorageFault

MAX_STEM = 80
_HASHED = re.compile(r"-[0-9a-f]{8}$")


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of the bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_stem(identifier: str, *, reserved: str = "") -> str:
    """A file name (no suffix) for an identifier: itself if it is harmless, else tidied and with 8 digits of its hash.

    Different identifiers get different stems, also on file systems that fold case, and none gets `reserved`.
    """
    tidy = re.sub(r"[^a-z0-9_-]+", "-", identifier.lower())[:MAX_STEM].strip("-") or "x"
    if tidy == identifier and tidy != reserved and not _HASHED.search(tidy):
        return tidy
    return f"{tidy}-{sha256_hex(identifier.encode('utf-8', 'surrogatepass'))[:8]}"


def json_text(value: object) -> str:
    """JSON for people: sorted keys, two-space indent, a newline at the end; NaN is refused with ValueError."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def write_atomically(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Replace the file: readers see the old bytes or the new ones, also after a crash of the program.

    Args:
        path: the file.
        data: all of its bytes.
        lasting: whether that holds after a power cut too; what can be made again is written faster without.

    Raises:
        StorageFault: the disk is full or refuses.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            if lasting:
                os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StorageFault(f"cannot write {path}: {error.strerror}; make room or correct its permissions") from error


def sync_file(path: Path) -> None:
    """Make what was written to this file last through a power cut; nothing if it is gone.

    Raises:
        StorageFault: the disk refuses.
    """
    try:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFault(f"cannot write {path}: {error.strerror}; make room or correct its permissions") from error


def sync_folder(path: Path) -> None:
    """Make renames and new names in this folder last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bounded(path: Path, *, limit: int, what: str) -> bytes:
    """The file's bytes.

    Raises:
        InputError: it is missing, no regular file, unreadable, or larger than `limit` bytes.
    """
    try:
        if not path.is_file():
            kind = "is a folder" if path.is_dir() else "does not exist" if not path.exists() else "is no regular file"
            raise InputError(f"{what} {path} {kind}")
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{what} {path} cannot be read: {error}") from error
    if len(data) > limit:
        raise InputError(f"{what} {path} is larger than {limit} bytes")
    return data


def parse_json(data: bytes | str, *, where: str) -> Any:  # noqa: ANN401  any JSON value
    """The JSON value; stricter than the standard library: UTF-8, no NaN, no infinity.

    Raises:
        InputError: says what is wrong and where.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: no JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{where}: JSON nested too deep") from error
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is out of range")
    return value
