"""Random numbers of many nights, behind an interface that the product's own lots fulfil, too."""

from typing import Protocol

import numpy as np

from benchmarks.worlds.arrays import Bools
from memory.builder_model import Floats


class Chance(Protocol):
    """What is drawn for the units that are decided next, one of each night."""

    def begin(self, unit: int) -> None:
        """What is drawn from now on is for the unit of this number, from 0."""
        ...

    def normals(self, wanted: Bools) -> Floats:
        """Standard normal draws of (nights, places), where they are wanted."""
        ...

    def dropout(self, probability: Floats) -> Bools:
        """The nominees' coins, (nights, nominees); probability 0 where there is no nominee."""
        ...

    def holdout(self, probability: Floats) -> Bools:
        """The units' coins, (nights,)."""
        ...

    def replies(self, probability: Floats) -> Bools:
        """Whether the unit's replies are right, (nights, replies), had each been asked for."""
        ...


class Quick:
    """Everything from one Generator."""

    def __init__(self, seed: int) -> None:
        """Another seed gives other nights."""
        self.generator = np.random.Generator(np.random.SFC64(seed))

    def begin(self, unit: int) -> None:
        """Draws do not depend on it."""

    def normals(self, wanted: Bools) -> Floats:
        """Draws for all places."""
        return self.generator.standard_normal(wanted.shape)

    def dropout(self, probability: Floats) -> Bools:
        """Independent coins."""
        return self._coins(probability)

    def holdout(self, probability: Floats) -> Bools:
        """Independent coins."""
        return self._coins(probability)

    def replies(self, probability: Floats) -> Bools:
        """Independent coins."""
        return self._coins(probability)

    def _coins(self, probability: Floats) -> Bools:
        return np.asarray(self.generator.random(probability.shape) < probability)
