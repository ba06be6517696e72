"""Where rules apply, in arrays: a choice among many rules is a few array operations."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from memory.rule_arrays import Column, Places


class Scopes:
    """The scope of each rule, by its place."""

    def __init__(self) -> None:
        """No rule has one."""
        self._everywhere, self._always = Column(np.bool_), Column(np.bool_)
        self._in_skill: dict[str, Places] = {}
        self._after_error: dict[str, Places] = {}

    def widen(self, place: int, *, skills: Iterable[str], error_classes: Iterable[str]) -> None:
        """Let it apply in these skills and after these errors too, none of which it had."""
        for skill in sorted(skills):
            self._in_skill.setdefault(skill, Places()).add(place)
        for name in sorted(error_classes):
            self._after_error.setdefault(name, Places()).add(place)

    def open(self, place: int, *, everywhere: bool, always: bool) -> None:
        """Whether it applies in every skill, and after every error."""
        self._everywhere.put(place, everywhere)
        self._always.put(place, always)

    def matching(self, size: int, skills: Sequence[str], errors: Iterable[str]) -> NDArray[np.bool_]:
        """Of the rules at the first `size` places, those for a task of these skills after these errors."""
        where, when = self._everywhere.first(size).copy(), self._always.first(size).copy()
        for skill in skills:
            if skill in self._in_skill:
                where[self._in_skill[skill].all] = True
        for name in errors:
            if name in self._after_error:
                when[self._after_error[name].all] = True
        return where & when
