"""What comes up again and again in the latest units: counted in a window, so that what was mended fades from it.

Adding a unit costs the same however many there were; nothing is kept of a unit that has left the window.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNITS_KEPT = 500


@dataclass(slots=True)
class Occurrences:
    """In how many units of the window something came up, by skill too, and the latest of them."""

    count: int = 0
    by_skill: Counter[str] = field(default_factory=Counter)
    unit_id: str = ""
    task_id: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Something that comes up, and how often."""

    name: str
    found: Occurrences


@dataclass(frozen=True, slots=True)
class _Unit:
    names: tuple[str, ...]
    skills: tuple[str, ...]


class Recurring:
    """What came up in the latest units."""

    def __init__(self, *, keep: int = UNITS_KEPT) -> None:
        """Nothing did yet."""
        self._keep = keep
        self._units: deque[_Unit] = deque()
        self._found: dict[str, Occurrences] = {}

    def __len__(self) -> int:
        """How many units the window holds, those in which nothing came up included."""
        return len(self._units)

    def note(self, unit_id: str, task_id: str, *, skills: Sequence[str], examples: Mapping[str, str]) -> None:
        """Add a unit; `examples` are what came up in it, each with an example of it."""
        for name, example in examples.items():
            found = self._found.setdefault(name, Occurrences())
            found.count += 1
            found.by_skill.update(skills)
            found.unit_id, found.task_id, found.example = unit_id, task_id, example
        self._units.append(_Unit(tuple(examples), tuple(skills)))
        if len(self._units) > self._keep:
            self._forget(self._units.popleft())

    def _forget(self, unit: _Unit) -> None:
        for name in unit.names:
            found = self._found[name]
            found.count -= 1
            found.by_skill -= Counter(unit.skills)  # drops those at zero
            if not found.count:
                del self._found[name]

    def most(self, count: int) -> list[Named]:
        """The most frequent first; of equals, by name."""
        ranked = sorted(self._found.items(), key=lambda item: (-item[1].count, item[0]))
        return [Named(name, found) for name, found in ranked[:count]]
