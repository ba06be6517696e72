"""Lots: random numbers that nothing but a seed, a unit and a purpose decide, so that every coin can be tossed again.

Raw Philox bits (Salmon et al. 2011), keyed by SHA-256 of seed, unit and purpose. numpy promises these bits for all its
versions, which it does not for the distributions of its Generator; so coins are compared as whole numbers, and normal
draws are made from the bits by the Box-Muller transform.
"""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

BITS = 64


class Lots:
    """A stream of lots."""

    def __init__(self, seed: int, unit: str, purpose: str) -> None:
        """`seed` is the run's; the same three give the same stream on every machine."""
        digest = hashlib.sha256(json.dumps([seed, unit, purpose]).encode()).digest()
        self._bits = np.random.Philox(key=int.from_bytes(digest[:16], "big"))

    def draw(self) -> int:
        """The next 64 bits."""
        return int(self._bits.random_raw())

    def normals(self, count: int) -> NDArray[np.float64]:
        """Standard normal draws, an array of `count`; each takes two lots, so that a longer array begins the same."""
        if not count:
            return np.zeros(0)
        raw = np.asarray(self._bits.random_raw(2 * count), dtype=np.uint64).reshape(count, 2)
        uniform = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        radius = np.sqrt(-2.0 * np.log(uniform[:, 0]))
        return np.asarray(radius * np.cos(2.0 * np.pi * uniform[:, 1]))


def says_yes(lot: int, *, probability: float) -> bool:
    """Whether a coin of this probability, 0..1, comes up with this lot."""
    return lot < int(probability * 2**BITS)
