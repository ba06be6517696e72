"""The append-only event log: lines of JSON, each with the hash of the line before, in segments.

    events/000001.jsonl   {"at": .., "data": {"kind": ..}, "prev": "<sha256 of the line before>", "seq": 1}
    events/head.json      the last seq and the hash of its line, so that a tail that went missing is noticed

Every append is fsynced before it counts. A torn last line (a crash in the middle of a write) is set aside in
events/torn/ and the log goes on; damage anywhere else is refused with its place. Not covered: somebody who rewrites
the whole chain and the head; a hash chain without a secret notices accidents, not forgers.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from memory.events import FORMAT, Event, Happening
from utils.errors import MemoryDamaged, StorageFault
from utils.files import json_text, sha256_hex, sync_folder, write_atomically

log = structlog.get_logger()

FIRST_PREV = "0" * 64
SEGMENT_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: the last event's number and the hash of its line."""

    seq: int = 0
    hash: str = FIRST_PREV


@dataclass(frozen=True, slots=True)
class _Line:
    segment: Path
    number: int
    offset: int
    raw: bytes


class EventLog:
    """The writer's side. One at a time for each memory; see memory_manager for the lock."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open the log for appending, after `events()` was read to its end through `recover`."""
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._head = Head()
        self._stream: BufferedWriter | None = None
        self._segment = 0

    def recover(self) -> Iterator[Event]:
        """Every event, checked; afterwards the log can be appended to.

        Raises:
            MemoryDamaged: a line is damaged, the chain is broken, or the tail that the head file knows is missing.
            StorageFault: a torn line could not be set aside.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        _set_aside_torn_line(self._folder)
        head = Head()
        for event, head in read_chain(self._folder):
            yield event
        known = _read_head(self._folder)
        if known is not None and known.seq > head.seq:
            raise MemoryDamaged(
                f"{self._folder}: events {head.seq + 1} to {known.seq} are missing at the end; bring back the files of "
                "this folder, or delete head.json to go on without them"
            )
        self._head = head
        self._segment = max((_segment_number(path) for path in segments(self._folder)), default=1)
        if known != head and head.seq:
            self._write_head()

    @property
    def head(self) -> Head:
        """Where the log ends."""
        return self._head

    def append(self, at: str, happenings: Sequence[Happening]) -> list[Event]:
        """Write the events as one batch and make them last; all or none of them count.

        Raises:
            StorageFault: the disk refused; the log is as before.
        """
        events, lines, head = [], [], self._head
        for happening in happenings:
            event = Event(seq=head.seq + 1, at=at, data=happening)
            line = _encode(event, head.hash)
            head = Head(event.seq, sha256_hex(line))
            events.append(event)
            lines.append(line + b"\n")
        self._write(b"".join(lines))
        self._head = head
        self._write_head()
        return events

    def _write(self, data: bytes) -> None:
        stream = self._open()
        start = stream.tell()
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        except OSError as error:
            self._take_back(start)
            raise StorageFault(f"cannot append to {stream.name}: {error.strerror}; make room on the disk") from error

    def _open(self) -> BufferedWriter:
        """The segment to write to; a new one once the present one is full."""
        if self._stream is not None and self._stream.tell() >= self._segment_bytes:
            self._stream.close()
            self._stream, self._segment = None, self._segment + 1
        if self._stream is None:
            try:
                self._stream = (self._folder / f"{self._segment:06d}.jsonl").open("ab")
                sync_folder(self._folder)
            except OSError as error:
                raise StorageFault(f"cannot write in {self._folder}: {error.strerror}") from error
        return self._stream

    def _take_back(self, start: int) -> None:
        """Cut off what a failed write left, so that the next one starts on a line of its own."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        path = Path(stream.name)
        try:
            stream.close()
        except OSError:
            pass  # closing flushes once more into the same full disk
        os.truncate(path, start)

    def _write_head(self) -> None:
        document = {"hash": self._head.hash, "schema_version": 1, "seq": self._head.seq}
        write_atomically(self._folder / "head.json", json_text(document).encode())

    def close(self) -> None:
        """Release the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def read_chain(folder: Path) -> Iterator[tuple[Event, Head]]:
    """Every whole event with the head after it, for readers; stops before a torn last line.

    Raises:
        MemoryDamaged: names file and line.
    """
    head = Head()
    for line in _lines(folder):
        if not line.raw.endswith(b"\n"):
            return
        event = _decode(line, head)
        head = Head(event.seq, sha256_hex(line.raw[:-1]))
        yield event, head


def segments(folder: Path) -> list[Path]:
    """The segment files, oldest first."""
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.isdecimal())


def _segment_number(path: Path) -> int:
    return int(path.stem)


def _lines(folder: Path) -> Iterator[_Line]:
    for path in segments(folder):
        offset = 0
        with path.open("rb") as stream:
            for number, raw in enumerate(iter(lambda s=stream: s.readline(MAX_LINE_BYTES + 1), b""), start=1):  # type: ignore[misc]
                yield _Line(path, number, offset, raw)
                offset += len(raw)


def _encode(event: Event, prev: str) -> bytes:
    document = {**event.model_dump(mode="json"), "prev": prev}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _decode(line: _Line, head: Head) -> Event:
    where = f"{line.segment}, line {line.number}"
    document = _document(line, where)
    if document.pop("prev", None) != head.hash:
        raise MemoryDamaged(f"{where}: it does not follow the line before; bring this file back from a copy")
    data = document.get("data")
    if isinstance(data, dict) and data.get("kind") == "memory_created" and data.get("format", 0) > FORMAT:
        raise MemoryDamaged(f"{where}: this memory was written by a newer version (format {data['format']}); update")
    try:
        event = Event.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise MemoryDamaged(f"{where}: not an event of this version: {place}: {first['msg']}") from error
    if event.seq != head.seq + 1:
        raise MemoryDamaged(f"{where}: event {head.seq + 1} was expected, this is {event.seq}")
    return event


def _document(line: _Line, where: str) -> dict[str, Any]:
    try:
        document = json.loads(line.raw)
    except (ValueError, RecursionError) as error:
        raise MemoryDamaged(f"{where}: no JSON; bring this file back from a copy ({error})") from error
    if not isinstance(document, dict):
        raise MemoryDamaged(f"{where}: not an event")
    return document


def _read_head(folder: Path) -> Head | None:
    path = folder / "head.json"
    try:
        document = json.loads(path.read_bytes())
        return Head(int(document["seq"]), str(document["hash"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MemoryDamaged(f"{path} cannot be read ({error}); delete it to trust the log alone") from error


def _set_aside_torn_line(folder: Path) -> None:
    """Move a last line that a crash left without its end out of the way."""
    last = segments(folder)[-1:]
    if not last:
        return
    path = last[0]
    size, keep = path.stat().st_size, _end_of_last_line(path)
    if keep == size:
        return
    with path.open("r+b") as stream:
        stream.seek(keep)
        torn = stream.read()
        write_atomically(folder / "torn" / f"{path.stem}-at-{keep}.bin", torn)
        stream.truncate(keep)
        os.fsync(stream.fileno())
    log.warning("memory.torn_line", file=str(path), bytes=len(torn), kept_in=str(folder / "torn"))


def _end_of_last_line(path: Path, *, block: int = 65536) -> int:
    """The offset behind the last newline, read from the end."""
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - block)
            stream.seek(start)
            found = stream.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
