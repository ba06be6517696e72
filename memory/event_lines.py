"""The lines of a log: one event each, with the hash of the line before; written, and read back checked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from memory.events import FORMAT, Event, Numbered
from utils.errors import MemoryDamaged
from utils.files import sha256_hex
from utils.text import one_line, well_formed

FIRST_PREV = "0" * 64
MAX_LINE_BYTES = 16 * 1024 * 1024

E = TypeVar("E", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: the last event's number and the hash of its line."""

    seq: int = 0
    hash: str = FIRST_PREV


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in its segment, its end included if it has one; `in_last`: of the last segment."""

    segment: Path
    number: int
    raw: bytes
    in_last: bool

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.segment}, line {self.number}"


def read_chain(folder: Path) -> Iterator[tuple[Event, Head]]:
    """Every whole event of a memory; see `read_log`."""
    return read_log(folder, Event)


def read_log(folder: Path, model: type[E]) -> Iterator[tuple[E, Head]]:
    """Every whole event with the head after it; stops before a torn last line. Writers do not disturb it.

    Raises:
        MemoryDamaged: a line is damaged, the chain is broken, or the tail is not the one that head.json knows.
    """
    known, head = known_head(folder), Head()
    for line in _lines(folder):
        if not line.raw.endswith(b"\n"):
            if line.in_last and len(line.raw) <= MAX_LINE_BYTES:
                break
            raise MemoryDamaged(f"{line.where}: it has no end; bring this file back from a copy")
        event = decode(line, head, model)
        head = Head(event.seq, sha256_hex(line.raw[:-1]))
        if known is not None and head.seq == known.seq and head.hash != known.hash:
            raise MemoryDamaged(f"{line.where}: it is not what was written; bring this file back from a copy")
        yield event, head
    if known is not None and known.seq > head.seq:
        raise MemoryDamaged(
            f"{folder}: events {head.seq + 1} to {known.seq} are missing at the end; bring back the files of this "
            "folder, or delete head.json to go on without them"
        )


def segments(folder: Path) -> list[Path]:
    """The segment files, oldest first."""
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.isdecimal())


def _lines(folder: Path) -> Iterator[Line]:
    paths = segments(folder)
    for path in paths:
        try:
            with path.open("rb") as stream:
                number = 0
                while raw := stream.readline(MAX_LINE_BYTES + 1):
                    number += 1
                    yield Line(path, number, raw, in_last=path == paths[-1])
        except OSError as error:
            raise MemoryDamaged(f"{path} cannot be read: {error.strerror}") from error


def encode(event: Numbered, prev: str) -> bytes:
    """The event's line, its end included; lone surrogates, which UTF-8 cannot write, become U+FFFD."""
    document = {**event.model_dump(mode="json"), "prev": prev}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return well_formed(text).encode() + b"\n"


def decode(line: Line, head: Head, model: type[E]) -> E:
    """The event of a line that follows this head.

    Raises:
        MemoryDamaged: names file and line.
    """
    document = _document(line)
    if document.pop("prev", None) != head.hash:
        raise MemoryDamaged(
            f"{line.where}: it does not follow the line before, one of them was changed or lines between them are "
            "missing; bring the files of this folder back from a copy"
        )
    _refuse_newer(line, document.get("data"))
    try:
        event = model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        why = one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        raise MemoryDamaged(f"{line.where}: not an event of this version: {why}") from error
    if event.seq != head.seq + 1:
        raise MemoryDamaged(f"{line.where}: event {head.seq + 1} was expected, this is {event.seq}")
    return event


def _document(line: Line) -> dict[str, Any]:
    try:
        document = _parsed(line.raw)
    except (ValueError, RecursionError) as error:
        raise MemoryDamaged(f"{line.where}: no JSON; bring this file back from a copy ({error})") from error
    if not isinstance(document, dict):
        raise MemoryDamaged(f"{line.where}: not an event")
    return document


def _parsed(raw: bytes) -> Any:  # noqa: ANN401  any JSON
    try:
        return from_json(raw)
    except ValueError:  # it is twice as fast, but refuses what nests deeply
        return json.loads(raw.decode("utf-8"))


def _refuse_newer(line: Line, data: object) -> None:
    if isinstance(data, dict) and data.get("kind") in {"memory_created", "experiment_created"}:
        version = data.get("format")
        if isinstance(version, int) and version > FORMAT:
            what = str(data["kind"]).removesuffix("_created")
            raise MemoryDamaged(f"{line.where}: this {what} was written by a newer version (format {version}); update")


def holds_log(folder: Path) -> bool:
    """Whether there is a log in this folder, or what is left of one."""
    return bool(segments(folder)) or (folder / "head.json").exists()


def known_head(folder: Path) -> Head | None:
    """Where the log ended when head.json was last written; None if there is no such file.

    Raises:
        MemoryDamaged: it cannot be read.
    """
    path = folder / "head.json"
    try:
        document = json.loads(path.read_bytes())
        return Head(int(document["seq"]), str(document["hash"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise MemoryDamaged(f"{path} cannot be read ({error}); delete it to trust the log alone") from error
