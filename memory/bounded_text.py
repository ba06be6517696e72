"""Reading a file that somebody gave us: bounded, strict, and with one line that says what is wrong with it."""

import gzip
import io
import json
import math
import zlib
from pathlib import Path
from typing import IO

from utils.errors import InputError

MEGABYTE = 1_000_000
MAX_FILE_MB = 200
MAX_LINE_MB = 2

_GZIP_MAGIC = b"\x1f\x8b"


def shown(text: object, *, chars: int = 120) -> str:
    """The text in one printable line of at most `chars` characters; "..." stands for what was left out."""
    plain = "".join(char if char.isprintable() else " " for char in str(text)[: 4 * chars])
    line = " ".join(plain.split()) or "''"
    return line if len(line) <= chars else line[: chars - 3] + "..."


def shown_path(path: Path) -> str:
    """The path in one line, its end included."""
    return shown(path, chars=1000)


def read_text(path: Path, *, file_mb: float = MAX_FILE_MB, line_mb: float = MAX_LINE_MB) -> str:
    """The file's text, unpacked if it is gzip (recognised by its content), without a byte order mark.

    Raises:
        InputError: missing, no regular file, not readable, damaged, larger than `file_mb` once unpacked, with a
            line longer than `line_mb`, not UTF-8, or empty.
    """
    name = shown_path(path)
    data = _read_bytes(path, name, int(file_mb * MEGABYTE))
    for number, line in enumerate(io.BytesIO(data), start=1):
        if len(line) > line_mb * MEGABYTE:
            raise InputError(f"{name}, line {number}: longer than {line_mb:g} MB; write one short task to a line")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {number}: not UTF-8; save the file as UTF-8") from error
    if not text.strip():
        raise InputError(f"{name}: empty; give a file with at least one task")
    return text


def _read_bytes(path: Path, name: str, limit: int) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{name}: a directory; name one file in it")
        if not path.exists():
            raise InputError(f"{name}: no such file; check the path")
        if not path.is_file():
            raise InputError(f"{name}: not a regular file; copy it to one")
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            data = _unpacked(file, name, limit) if packed else file.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise InputError(f"{name}: cannot be read ({shown(error)}); check the path and its permissions") from error
    if len(data) > limit:
        raise InputError(f"{name}: more than {limit / MEGABYTE:g} MB of text; split the file")
    return data


def _unpacked(file: IO[bytes], name: str, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            return unpacked.read(limit + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{name}: damaged gzip ({shown(error)}); fetch the file again") from error


class StrictJsonError(ValueError):
    """Text that is no JSON, or that only some programs take for JSON; `line` counts from 1, 0 if it is not known."""

    def __init__(self, what: str, *, line: int = 0) -> None:
        super().__init__(what)
        self.line = line


def strict_json(text: str) -> object:
    """The value of a JSON text: no NaN, no Infinity, no number beyond a float, no key twice in an object.

    Raises:
        StrictJsonError: it is anything else, or nested too deeply.
    """
    try:
        return json.loads(
            text, parse_constant=_no_constant, parse_float=_finite, parse_int=_bounded, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as error:
        raise StrictJsonError(f"broken JSON ({error.msg} at column {error.colno})", line=error.lineno) from error
    except RecursionError as error:
        raise StrictJsonError("JSON nested too deeply") from error


def _no_constant(name: str) -> object:
    raise StrictJsonError(f"{name} is not a number in JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise StrictJsonError(f"the number {shown(digits, chars=40)} is too large")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > 400:  # noqa: PLR2004 - no float is longer, and int() refuses 4300 digits with a traceback
        raise StrictJsonError(f"the number {shown(digits, chars=40)} is too large")
    return int(digits)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in pairs:
        if key in values:
            raise StrictJsonError(f"the field {shown(key, chars=40)} is given twice")
        values[key] = value
    return values
