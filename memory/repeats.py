"""Which mistakes come again."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repeats:
    """Of one unit: whether there was a mistake, one that was met before, one that was not."""

    any: bool
    repeated: bool
    novel: bool


class Mistakes:
    """The signatures met so far, in either arm."""

    def __init__(self) -> None:
        """None was met."""
        self._known: set[str] = set()

    def note(self, signatures: Iterable[str]) -> Repeats:
        """Add those of a unit."""
        found = set(signatures)
        old = found & self._known
        self._known |= found
        return Repeats(bool(found), bool(old), bool(found - old))
