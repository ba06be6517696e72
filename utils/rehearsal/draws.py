"""Random draws that depend on nothing but a key: the same key gives the same draws, in any order, on any thread."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draws:
    """A stream of draws from raw Philox bits, keyed by SHA-256 of `parts`.

    Its own methods use only the raw bits of numpy: these are the same in every version of it, which numpy does not
    promise for the distributions of its Generator.
    """

    def __init__(self, *parts: str | int | None) -> None:
        digest = hashlib.sha256(json.dumps(parts).encode("utf-8")).digest()
        self._bits = np.random.Philox(key=int.from_bytes(digest[:16], "big"))

    def generator(self) -> np.random.Generator:
        """A numpy Generator on the same bits, for functions that want one."""
        return np.random.Generator(self._bits)

    def uniform(self) -> float:
        """A number in [0, 1), a multiple of 2**-53."""
        return (int(self._bits.random_raw()) >> 11) * 2.0**-53

    def chance(self, probability: float) -> bool:
        """True with the given probability in [0, 1]."""
        return self.uniform() < probability

    def normal(self, sd: float) -> float:
        """A draw from a Gaussian around 0 with the given standard deviation, 0 or more."""
        return sd * NormalDist().inv_cdf(self.uniform() or 2.0**-54)

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all equally likely; there must be at least one."""
        return choices[int(self.uniform() * len(choices))]

    def weighted(self, shares: Mapping[T, float]) -> T:
        """One of the keys, each with its share of the sum; at least one share must be above 0."""
        rest = self.uniform() * sum(shares.values())
        for key, share in shares.items():
            rest -= share
            if rest < 0:
                return key
        return max(shares, key=lambda key: shares[key])
