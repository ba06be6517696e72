"""Lots: random numbers that nothing but a seed, a unit and a purpose decide, so that every coin can be tossed again.

Raw Philox bits (Salmon et al. 2011), keyed by SHA-256 of seed, unit and purpose. numpy promises these bits for all its
versions, which it does not for the distributions of its Generator; so coins are compared as whole numbers, and normal
draws are made from the bits by the Box-Muller transform.
"""

import hashlib
import json
import threading

import numpy as np
from numpy.typing import NDArray

BITS = 64
_BLOCK = 4
"""Lots that Philox makes at a time."""


class _Philox(threading.local):
    """One generator a thread: to give it a key and a place takes a tenth of what a new one takes."""

    def __init__(self) -> None:
        self._generator = np.random.Philox(key=0)
        self._state = self._generator.state

    def blocks(self, key: NDArray[np.uint64], first: int, count: int) -> NDArray[np.uint64]:
        """`count` blocks of this key's stream from the first-th on, counted from 0; shape (4 count,)."""
        self._state["state"] = {"key": key, "counter": np.array([first, 0, 0, 0], dtype=np.uint64)}
        self._state["buffer_pos"] = _BLOCK  # nothing is left of a block of another key
        self._generator.state = self._state
        return self._generator.random_raw(_BLOCK * count)


_PHILOX = _Philox()


class Lots:
    """A stream of lots."""

    def __init__(self, seed: int, unit: str, purpose: str) -> None:
        """`seed` is the run's; the same three give the same stream on every machine."""
        digest = hashlib.sha256(json.dumps([seed, unit, purpose]).encode()).digest()
        self._key = np.frombuffer(digest[:16], dtype=">u8")[::-1].astype(np.uint64)
        self._blocks = 0
        self._left: list[int] = []

    def draw(self) -> int:
        """The next 64 bits."""
        return self._take(1)[0]

    def normals(self, count: int) -> NDArray[np.float64]:
        """Standard normal draws, an array of `count`; each takes two lots, so that a longer array begins the same."""
        if not count:
            return np.zeros(0)
        raw = np.array(self._take(2 * count), dtype=np.uint64).reshape(count, 2)
        uniform = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        radius = np.sqrt(-2.0 * np.log(uniform[:, 0]))
        return np.asarray(radius * np.cos(2.0 * np.pi * uniform[:, 1]))

    def _take(self, count: int) -> list[int]:
        if count > len(self._left):
            more = -(-(count - len(self._left)) // _BLOCK)
            self._left += _PHILOX.blocks(self._key, self._blocks, more).tolist()
            self._blocks += more
        taken, self._left = self._left[:count], self._left[count:]
        return taken


def says_yes(lot: int, *, probability: float) -> bool:
    """Whether a coin of this probability, 0..1, comes up with this lot."""
    return lot < int(probability * 2**BITS)
