"""Ways of choosing the next task that others have described: at random, by staircase, by Elo ratings.

Each knows of a task its skill, its declared difficulty and what became of it, as the Trainer does, and nothing else.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from benchmarks.curriculum.world import HARDEST, SKILLS, Item
from memory.builder_model import logistic


class Picker(Protocol):
    """A way of choosing tasks."""

    def pick(self) -> int:
        """The number of the next task."""
        ...

    def note(self, number: int, *, passed: bool) -> None:
        """What became of it."""
        ...


MakesPicker = Callable[[Sequence[Item], int], Picker]
"""From the tasks and a seed."""


class AtRandom:
    """Any task, all equally likely."""

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        self._count, self._random = len(items), np.random.default_rng([seed, 3])

    def pick(self) -> int:
        """Any."""
        return int(self._random.integers(self._count))

    def note(self, number: int, *, passed: bool) -> None:
        """Nothing is learned of it."""


class Staircase:
    """Skills in turn; in each, two passes in a row go a step up and a failure goes a step down (Levitt 1971).

    It settles where 71 % pass. A step is 0.05 of declared difficulty, the start is the middle; of tasks equally near
    the one that was tried least comes first.
    """

    STEP, UP_AFTER = 0.05, 2

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        del seed
        self._items, self._turn = items, 0
        self._level, self._row = [0.5] * SKILLS, [0] * SKILLS
        self._tries = [0] * len(items)

    def pick(self) -> int:
        """The task nearest the skill's level."""
        skill, self._turn = self._turn % SKILLS, self._turn + 1
        level = self._level[skill]
        mine = (item for item in self._items if item.skill == skill)
        return min(
            mine, key=lambda item: (round(abs(item.declared - level), 1), self._tries[item.number], item.number)
        ).number

    def note(self, number: int, *, passed: bool) -> None:
        """Go up or down."""
        skill = self._items[number].skill
        self._tries[number] += 1
        self._row[skill] = self._row[skill] + 1 if passed else 0
        if not passed:
            self._level[skill] = max(0.0, self._level[skill] - self.STEP)
        elif self._row[skill] == self.UP_AFTER:
            self._row[skill], self._level[skill] = 0, min(1.0, self._level[skill] + self.STEP)


class Elo:
    """Matchmaking by ratings: a skill at random, and in it the task whose expected pass rate is nearest one half.

    Ratings are logits; a task's begins at what was declared. Both move by what was unexpected, a task's times
    1 / (1 + 0.05 n) after n attempts (Pelanek 2016), a skill's times 0.4, for it does not stand still.
    """

    GOAL, SPEED, CALMS = 0.5, 0.4, 0.05

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        self._items, self._random = items, np.random.default_rng([seed, 3])
        self._skill = [0.0] * SKILLS
        self._task = [2 * HARDEST * (item.declared - 0.5) for item in items]
        self._tries, self._last = [0] * len(items), -1

    def pick(self) -> int:
        """The best match; never the task before."""
        skill = int(self._random.integers(SKILLS))
        mine = (item.number for item in self._items if item.skill == skill and item.number != self._last)
        return min(mine, key=lambda number: abs(self._expected(number) - self.GOAL))

    def note(self, number: int, *, passed: bool) -> None:
        """Move both ratings."""
        surprise, skill = passed - self._expected(number), self._items[number].skill
        self._skill[skill] += self.SPEED * surprise
        self._task[number] -= surprise / (1 + self.CALMS * self._tries[number])
        self._tries[number] += 1
        self._last = number

    def _expected(self, number: int) -> float:
        return logistic(self._skill[self._items[number].skill] - self._task[number])
