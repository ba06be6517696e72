"""A container's stdout and stderr, taken apart again from the one stream in which the engine's attach sends them."""

import struct

MULTIPLEXED = 8  # bytes before each piece


class Demultiplexer:
    """Takes a container's attach stream apart: u8 stream, three zero bytes, u32 length, bytes, and again."""

    def __init__(self) -> None:
        self._head, self._left, self._stream = bytearray(), 0, 0

    def feed(self, raw: bytes) -> tuple[bytes, bytes]:
        """What of raw belongs to the container's stdout and to its stderr."""
        parts: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
        view = memoryview(raw)
        while view:
            if not self._left:
                need = MULTIPLEXED - len(self._head)
                self._head += view[:need]
                view = view[need:]
                if len(self._head) == MULTIPLEXED:
                    self._stream, self._left = struct.unpack(">BxxxI", self._head)
                    self._head.clear()
                continue
            parts.setdefault(self._stream, bytearray()).extend(view[: self._left])
            taken = min(self._left, len(view))
            self._left -= taken
            view = view[taken:]
        return bytes(parts[1]), bytes(parts[2])
