"""Reading on where a log was read to before, while its writer writes: every event of it, checked.

memory.log_tail begins at the latest run and checks nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from memory.event_lines import MAX_LINE_BYTES, Head, Line, decode, segments
from memory.events import Event
from utils.errors import MemoryDamaged
from utils.files import sha256_hex


class LogFollower:
    """The events of a memory, each once, as they come; costs what is new."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet; `folder` is that of the log, which need not be there yet."""
        self._folder = folder
        self._head = Head()
        self._segment: Path | None = None
        self._offset = self._lines = 0

    @property
    def seq(self) -> int:
        """The number of the last event that was read."""
        return self._head.seq

    def new(self) -> Iterator[Event]:
        """Whole events that were not read before; an unfinished line is left for the next time.

        Raises:
            MemoryDamaged: a line is damaged, or the log is another one than before.
        """
        while (segment := self._next()) is not None:
            yield from self._of(segment)
            if segment == self._latest():
                return

    def _next(self) -> Path | None:
        """The segment to read on in: the one that was read last, or the one behind it once that has its end."""
        paths = segments(self._folder)
        if self._segment is None:
            self._segment = paths[0] if paths else None
        elif self._at_end(self._segment):
            later = [path for path in paths if path > self._segment]
            if later:
                self._segment, self._offset, self._lines = later[0], 0, 0
        return self._segment

    def _latest(self) -> Path:
        return segments(self._folder)[-1]

    def _at_end(self, segment: Path) -> bool:
        try:
            size = segment.stat().st_size
        except OSError as error:
            raise MemoryDamaged(f"{segment} cannot be read: {error.strerror}") from error
        if size < self._offset:
            raise MemoryDamaged(f"{segment} is shorter than it was; start this command again")
        return size == self._offset

    def _of(self, segment: Path) -> Iterator[Event]:
        try:
            with segment.open("rb") as stream:
                stream.seek(self._offset)
                while (raw := stream.readline(MAX_LINE_BYTES + 1)).endswith(b"\n"):
                    self._lines += 1
                    event = decode(Line(segment, self._lines, raw, in_last=True), self._head, Event)
                    self._head = Head(event.seq, sha256_hex(raw[:-1]))
                    self._offset += len(raw)
                    yield event
        except OSError as error:
            raise MemoryDamaged(f"{segment} cannot be read: {error.strerror}") from error
