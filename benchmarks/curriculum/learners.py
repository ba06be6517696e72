"""Five kinds of learners: what an attempt teaches each, by how likely a pass was and whether it came.

| kind | a pass teaches | a failure teaches | the best pass rate |
|---|---|---|---|
| edge | 4 p (1 - p) | as much | .50 |
| success only | 4 (1 - p) | nothing | .50 |
| 85 % | (p / .85)^1.7 ((1 - p) / .15)^.3 | as much | .85 |
| reflects | nothing | sqrt(27/4 p) | .33 |
| flat | 1 | 1 | any |

"edge" is practice at the border of what one can do. "success only" climbs the gradient of log p where it was rewarded
(REINFORCE with rewards 1 and 0, Williams 1992). "85 %" is the rate at which a learner by gradients gets better in a
task of two choices with Gaussian noise (Wilson et al. 2019): precision x exp(-precision^2 / 2), nothing at chance.
"reflects" learns from what went wrong, the more the nearer a pass was. All are scaled so that an attempt at the best
pass rate is expected to teach 1, the same to each; `SCALE` says how much that is in logits of the task's skill.

How SCALE was fixed: with it Elo matchmaking, the best of the other ways of choosing, comes as near as it can to where
it came in the simulation that the marks were taken from, .546 and .977 from .18 (`benchmarks.curriculum.scale`). No
figure of the Trainer is part of that, but it was not blind: at .08 and .10 the Trainer had been seen to miss the marks
before .105 was fixed. With it a teacher who sees all abilities and difficulties and takes what teaches
most, step by step, would come to .71 and .994: neither trivial nor impossible.

A broken task is passed with p = 0, so it teaches nothing to anybody but the flat learner.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.curriculum.world import Item, World, success

SCALE = 0.105
"""Logits."""
BEST = 0.85

Teaches = Callable[[float, bool], float]
"""From the probability of a pass, in [0, 1), and whether it came, to what is learned, in units of SCALE."""


def edge(odds: float, passed: bool) -> float:  # noqa: FBT001  a row of the table
    """At the border."""
    del passed
    return 4 * odds * (1 - odds)


def success_only(odds: float, passed: bool) -> float:  # noqa: FBT001
    """Where it was rewarded."""
    return 4 * (1 - odds) if passed else 0.0


def eighty_five(odds: float, passed: bool) -> float:  # noqa: FBT001
    """At a pass rate of 85 %."""
    del passed
    return float((odds / BEST) ** (2 * BEST) * ((1 - odds) / (1 - BEST)) ** (2 * (1 - BEST)))


def reflects(odds: float, passed: bool) -> float:  # noqa: FBT001
    """From near misses."""
    return 0.0 if passed else math.sqrt(27 / 4 * odds)


def flat(odds: float, passed: bool) -> float:  # noqa: FBT001
    """Always the same."""
    del odds, passed
    return 1.0


KINDS: Mapping[str, Teaches] = {
    "edge": edge,
    "success only": success_only,
    "85 %": eighty_five,
    "reflects": reflects,
    "flat": flat,
}


class Learner:
    """Somebody who tries tasks and gets better at their skills."""

    def __init__(self, world: World, teaches: Teaches, *, scale: float = SCALE) -> None:
        """Nothing was tried; the world's seed decides what is passed, whatever is chosen."""
        self._abilities, self._teaches, self._scale = world.start.copy(), teaches, scale
        self._random = np.random.default_rng([world.seed, 2])

    @property
    def success(self) -> float:
        """On the benchmark, 0..1."""
        return success(self._abilities)

    def odds(self, item: Item) -> float:
        """The probability of passing a task now."""
        return 0.0 if item.broken else 1.0 / (1.0 + math.exp(item.hard - self._abilities[item.skill]))

    def attempt(self, item: Item) -> bool:
        """Try it once and learn; whether it was passed."""
        odds = self.odds(item)
        passed = bool(self._random.random() < odds)
        self._abilities[item.skill] += self._scale * self._teaches(odds, passed)
        return passed
