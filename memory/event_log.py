"""Append-only logs: lines of JSON, each with the hash of the line before, in segments. A memory has one of events.

    events/000001.jsonl   {"at": .., "data": {"kind": ..}, "prev": "<sha256 of the line before>", "seq": 1}
    events/head.json      the last seq and the hash of its line: a tail that was changed or is missing is noticed

Every append is fsynced before it counts. A torn last line (a crash in the middle of a write) is set aside in
events/torn/ and the log goes on; damage anywhere else is refused with its place. A batch is one write, but after a
crash in its middle its first events may be there without the others: events that must not be parted are one event.
Not covered: somebody who rewrites the whole chain and the head; a hash chain without a secret notices accidents, not
forgers.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from io import BufferedWriter
from pathlib import Path
from typing import Generic, Protocol

import structlog

from memory.event_lines import MAX_LINE_BYTES, E, Head, Line, decode, encode, known_head, read_log, segments
from memory.events import Event
from utils.errors import InputError, StorageFault
from utils.files import json_text, sha256_hex, sync_folder, write_atomically

log = structlog.get_logger()

SEGMENT_BYTES = 32 * 1024 * 1024


class Happened(Protocol):
    """What an event tells; `kind` is the word for it."""

    @property
    def kind(self) -> str:
        """Of a closed set."""
        ...


class ChainedLog(Generic[E]):
    """The writer's side of a log of such events. One writer at a time; the lock is the caller's."""

    def __init__(self, folder: Path, model: type[E], *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open the log for appending, after it was read to its end through `recover`."""
        self._model = model
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._head = Head()
        self._stream: BufferedWriter | None = None
        self._segment = 0
        self._cut_at: int | None = None

    def recover(self) -> Iterator[E]:
        """Every event, checked; afterwards the log can be appended to.

        Raises:
            MemoryDamaged: a line is damaged, the chain is broken, or the tail is not the one that the head file knows.
            StorageFault: a torn line could not be set aside.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _set_aside_torn_line(self._folder)
        except OSError as error:
            raise StorageFault(f"cannot write in {self._folder}: {error.strerror}") from error
        for event, head in read_log(self._folder, self._model):
            self._head = head
            yield event
        self._segment = max((int(path.stem) for path in segments(self._folder)), default=1)
        if self._head.seq and known_head(self._folder) != self._head:
            self._write_head()

    @property
    def head(self) -> Head:
        """Where the log ends."""
        return self._head

    def append(self, at: str, happenings: Sequence[Happened]) -> list[E]:
        """Write the events as one batch and make them last; the events as anybody will read them back.

        Raises:
            InputError: an event is too large for a line; the log is as before.
            StorageFault: the disk refused; the log is as before.
        """
        events: list[E] = []
        lines, head = [], self._head
        for happening in happenings:
            event = self._model.model_validate({"seq": head.seq + 1, "at": at, "data": happening})
            raw = encode(event, head.hash)
            if len(raw) > MAX_LINE_BYTES:
                raise InputError(f"a {happening.kind} event of {len(raw)} bytes does not fit into {MAX_LINE_BYTES}")
            events.append(decode(Line(self._folder, len(events) + 1, raw, in_last=True), head, self._model))
            head = Head(head.seq + 1, sha256_hex(raw[:-1]))
            lines.append(raw)
        self._write(b"".join(lines))
        self._head = head
        try:
            self._write_head()
        except StorageFault as fault:  # the events are on the disk and count; the next append writes the head again
            log.warning("memory.head_not_written", why=str(fault))
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
            path = self._folder / f"{self._segment:06d}.jsonl"
            try:
                self._cut(path)
                self._stream = path.open("ab")
                sync_folder(self._folder)
            except OSError as error:
                raise StorageFault(f"cannot write in {self._folder}: {error.strerror}") from error
        return self._stream

    def _take_back(self, start: int) -> None:
        """Cut off what a failed write left, so that the next one starts on a line of its own."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        with contextlib.suppress(OSError):
            stream.close()  # flushes once more into the same full disk
        self._cut_at = start
        with contextlib.suppress(OSError):
            self._cut(Path(stream.name))  # if not now, then before the next line is written

    def _cut(self, path: Path) -> None:
        if self._cut_at is not None:
            os.truncate(path, self._cut_at)
        self._cut_at = None

    def _write_head(self) -> None:
        document = {"hash": self._head.hash, "schema_version": 1, "seq": self._head.seq}
        write_atomically(self._folder / "head.json", json_text(document).encode())

    def close(self) -> None:
        """Release the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class EventLog(ChainedLog[Event]):
    """A memory's log of events; see memory_manager for the lock."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open it for appending, after it was read to its end through `recover`."""
        super().__init__(folder, Event, segment_bytes=segment_bytes)


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
