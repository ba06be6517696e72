"""Ways of choosing the next task by what practice gave so far: level replay, learning progress, learnability."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from benchmarks.curriculum.world import SKILLS, Item

BANDS = 5
"""Cells of declared difficulty in each skill, for ways that choose a region before a task."""


def cell_of(item: Item) -> int:
    """The region of skill and declared difficulty that a task lies in, 0..SKILLS * BANDS - 1."""
    return item.skill * BANDS + min(int(item.declared * BANDS), BANDS - 1)


def _cells(items: Sequence[Item]) -> list[list[int]]:
    found = [list[int]() for _ in range(SKILLS * BANDS)]
    for item in items:
        found[cell_of(item)].append(item.number)
    return found


class LevelReplay:
    """Prioritised level replay (Jiang et al. 2021): new tasks, or again those whose outcome surprised most.

    A seen task is replayed with a probability that is its rank's by the latest surprise (to the power 1 / 0.1), mixed
    with 0.1 of staleness, as in the paper. A surprise is |outcome - value|, where the value is what a critic knew
    before: a running mean over the task's cell. A new task comes with the share of tasks that are new.
    """

    TEMPERATURE, STALE, CRITIC = 0.1, 0.1, 0.2

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        self._items, self._random = items, np.random.default_rng([seed, 3])
        self._value = [0.5] * (SKILLS * BANDS)
        self._surprise, self._at = np.zeros(len(items)), np.zeros(len(items))
        self._seen, self._now = np.zeros(len(items), dtype=bool), 0

    def pick(self) -> int:
        """A new one, or one again."""
        self._now += 1
        if self._random.random() >= self._seen.mean():
            return int(self._random.choice(np.flatnonzero(~self._seen)))
        known = np.flatnonzero(self._seen)
        rank = np.empty(len(known))
        rank[np.argsort(-self._surprise[known], kind="stable")] = np.arange(1, len(known) + 1)
        weight = rank ** (-1 / self.TEMPERATURE)
        stale = self._now - self._at[known]
        odds = (1 - self.STALE) * weight / weight.sum() + self.STALE * stale / stale.sum()
        return int(self._random.choice(known, p=odds))

    def note(self, number: int, *, passed: bool) -> None:
        """How surprising it was."""
        cell = cell_of(self._items[number])
        self._surprise[number] = abs(passed - self._value[cell])
        self._value[cell] += self.CRITIC * (passed - self._value[cell])
        self._seen[number], self._at[number] = True, self._now


class LearningProgress:
    """Absolute learning progress (Oudeyer; Portelas et al. 2019) over cells of skill and difficulty.

    A cell's progress is how far the pass rate of the newer half of its latest 10 outcomes is from the older half's.
    One choice in five is at random, as in ALP-GMM; the others go to cells in proportion to progress.
    """

    WINDOW, AT_RANDOM = 10, 0.2

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        self._items, self._random = items, np.random.default_rng([seed, 3])
        self._cells = _cells(items)
        self._latest = [deque[bool](maxlen=self.WINDOW) for _ in self._cells]

    def pick(self) -> int:
        """Any task of the cell that is drawn."""
        progress = np.array([self._progress(outcomes) for outcomes in self._latest])
        if self._random.random() < self.AT_RANDOM or not progress.sum():
            return int(self._random.integers(len(self._items)))
        cell = int(self._random.choice(len(self._cells), p=progress / progress.sum()))
        return int(self._random.choice(self._cells[cell]))

    def note(self, number: int, *, passed: bool) -> None:
        """Keep it."""
        self._latest[cell_of(self._items[number])].append(passed)

    def _progress(self, outcomes: deque[bool]) -> float:
        half = len(outcomes) // 2
        if not half:
            return 0.0
        latest = list(outcomes)
        return abs(sum(latest[-half:]) - sum(latest[:half])) / half


class AbsoluteZero:
    """Absolute Zero's reward for a proposal (Zhao et al. 2025): 1 - pass rate of 8 tries, 0 if none or all passed.

    A proposer draws a cell by the softmax of the mean reward that its proposals got (temperature 0.1, each new
    reward weighs a fifth; at first 0.5), and any task of it; the learner tries that 8 times before the next proposal.
    """

    ROLLOUTS, TEMPERATURE, SPEED = 8, 0.1, 0.2

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        self._items, self._random = items, np.random.default_rng([seed, 3])
        self._cells = _cells(items)
        self._reward = np.array([0.5 if cell else -np.inf for cell in self._cells])
        self._task, self._tries = -1, list[bool]()

    def pick(self) -> int:
        """The proposed task, until it was tried 8 times."""
        if not self._tries:
            weight = np.exp((self._reward - self._reward.max()) / self.TEMPERATURE)
            cell = int(self._random.choice(len(weight), p=weight / weight.sum()))
            self._task = int(self._random.choice(self._cells[cell]))
        return self._task

    def note(self, number: int, *, passed: bool) -> None:
        """Reward the proposal once it was tried 8 times."""
        self._tries.append(passed)
        if len(self._tries) < self.ROLLOUTS:
            return
        rate, cell = sum(self._tries) / self.ROLLOUTS, cell_of(self._items[number])
        reward = 1 - rate if 0 < rate < 1 else 0.0
        self._reward[cell] += self.SPEED * (reward - self._reward[cell])
        self._tries = []
