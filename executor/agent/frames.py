"""Messages between host and agent: u32 length of a header, u32 length of a blob, the header (JSON), the blob.

A message without a header carries bytes from or to the program that runs. Programs speak frames of their own inside
those bytes: u32 length, bytes.
"""

from __future__ import annotations

import json
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEAD = struct.Struct(">II")
LENGTH = struct.Struct(">I")
MIB = 1 << 20


class MalformedError(ValueError):
    """What came is no message."""


def packed(header: dict[str, Any] | None, *blobs: bytes | bytearray | memoryview) -> bytes:
    """One message."""
    text = b"" if header is None else json.dumps(header).encode("ascii")
    return b"".join((HEAD.pack(len(text), sum(map(len, blobs))), text, *blobs))


class Inbox:
    """Puts messages together from the pieces in which they come."""

    def __init__(self, *, largest: int) -> None:
        self._bytes, self._largest = bytearray(), largest

    def __len__(self) -> int:
        return len(self._bytes)

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        self._bytes += data

    def next(self) -> tuple[dict[str, Any] | None, bytes] | None:
        """The next message, its header None if it carries a program's bytes; None if it is not all there.

        Raises:
            MalformedError: it is too large, or its header is no JSON object.
        """
        if len(self._bytes) < HEAD.size:
            return None
        header_size, blob_size = HEAD.unpack_from(self._bytes)
        whole = HEAD.size + header_size + blob_size
        if whole > self._largest:
            raise MalformedError(f"a message of {whole} bytes, more than {self._largest}")
        if len(self._bytes) < whole:
            return None
        text = bytes(self._bytes[HEAD.size : HEAD.size + header_size])
        blob = bytes(self._bytes[HEAD.size + header_size : whole])
        del self._bytes[:whole]
        return (_object(text) if text else None), blob


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise MalformedError(f"a header that is no JSON: {fault}") from fault
    if not isinstance(found, dict):
        raise MalformedError("a header that is no object")
    return found


def read_exactly(fd: int, size: int) -> bytes | None:
    """`size` bytes from a blocking fd, or None when it ends before."""
    parts = []
    while size:
        part = os.read(fd, min(size, MIB))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write_all(fd: int, data: bytes) -> None:
    """Write all of data to a blocking fd."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read_message(fd: int) -> tuple[dict[str, Any], bytes] | None:
    """One message with a header from a blocking fd, or None at its end."""
    head = read_exactly(fd, HEAD.size)
    if head is None:
        return None
    header_size, blob_size = HEAD.unpack(head)
    text, blob = read_exactly(fd, header_size), read_exactly(fd, blob_size)
    return None if text is None or blob is None else (_object(text), blob)


class Channel:
    """What a program finds as `channel`: frames from and to the host."""

    def __init__(self, incoming: int, outgoing: int, *, max_frame: int) -> None:
        self._incoming, self._outgoing, self._max_frame = incoming, outgoing, max_frame

    def receive(self) -> bytes | None:
        """The host's next frame, or None when the host has closed."""
        head = read_exactly(self._incoming, LENGTH.size)
        return None if head is None else read_exactly(self._incoming, LENGTH.unpack(head)[0])

    def send(self, frame: bytes) -> None:
        """Hand one frame to the host; ValueError beyond the largest size."""
        if len(frame) > self._max_frame:
            raise ValueError(f"a frame may have {self._max_frame} bytes, this one has {len(frame)}")
        write_all(self._outgoing, LENGTH.pack(len(frame)) + frame)
