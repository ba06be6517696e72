"""Follows a log while somebody writes it: each whole line once, from the beginning of the latest run on.

Lines are parsed and not checked, so that looking on costs next to nothing in an old memory; memory.log_follower reads
all from the beginning and checks it. What a crash tore is passed over, as the writer will.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from memory.event_lines import segments

RUN_STARTED = b'"kind":"run_started"'
"""Cannot stand in a text: its quotes would be escaped there."""
BLOCK_BYTES = 1024 * 1024


class LogTail:
    """Where a reader is in a log."""

    def __init__(self, folder: Path) -> None:
        """`folder` is that of the log; reading begins at the latest run, or at the beginning if there is none."""
        self._folder = folder
        self._segment, self._offset = "", 0
        for path in reversed(segments(folder)):
            data = path.read_bytes()
            found = data.rfind(RUN_STARTED)
            if found >= 0:
                self._segment, self._offset = path.name, data.rfind(b"\n", 0, found) + 1
                break

    def new(self) -> Iterator[dict[str, Any]]:
        """The events that were written since the last call, as the log has them."""
        for path in segments(self._folder):
            if path.name < self._segment:
                continue
            if path.name > self._segment:
                self._segment, self._offset = path.name, 0
            yield from self._rest_of(path)

    def _rest_of(self, path: Path) -> Iterator[dict[str, Any]]:
        """What follows; a line without an end is read again, for a writer may cut it off and write another."""
        rest = b""
        try:
            with path.open("rb") as stream:
                stream.seek(self._offset)
                while block := stream.read(BLOCK_BYTES):
                    *whole, rest = (rest + block).split(b"\n")
                    self._offset += sum(len(line) + 1 for line in whole)
                    yield from filter(None, map(_event, whole))
        except OSError:
            return  # it is tried again at the next call


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(event, dict) and isinstance(event.get("data"), dict) and isinstance(event.get("at"), str)
    return event if known else None
