"""Growing arrays, so that a choice among many rules is a few array operations; growth costs the same for each entry."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound=np.generic)

SMALLEST = 16


class Column(Generic[S]):
    """A value for each rule, by its place; zero until it is put."""

    __slots__ = ("_values",)

    def __init__(self, kind: type[S]) -> None:
        self._values: NDArray[S] = np.zeros(0, dtype=kind)

    def put(self, place: int, value: float) -> None:
        """Set one value; there is room for every place."""
        self._values = reached(self._values, place + 1)
        self._values[place] = value

    def first(self, size: int) -> NDArray[S]:
        """The values of the places below `size`; a window on the column itself."""
        self._values = reached(self._values, size)
        return self._values[:size]


class Places:
    """An ever longer list of places."""

    __slots__ = ("_size", "_values")

    def __init__(self) -> None:
        self._values: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._size = 0

    def add(self, place: int) -> None:
        """Put it at the end."""
        self._values = reached(self._values, self._size + 1)
        self._values[self._size] = place
        self._size += 1

    @property
    def all(self) -> NDArray[np.intp]:
        """In the order in which they came; a window on the list itself."""
        return self._values[: self._size]


def reached(values: NDArray[S], size: int) -> NDArray[S]:
    """The array itself if it has this size, else one of at least twice the length that begins with it."""
    have = len(values)
    if size <= have:
        return values
    longer = np.zeros((max(size, 2 * have, SMALLEST), *values.shape[1:]), dtype=values.dtype)
    longer[:have] = values
    return longer
