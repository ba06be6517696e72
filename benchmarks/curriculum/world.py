"""What simulated learners practise on: tasks of eight skills, some broken, and a benchmark that nobody practises.

A task of difficulty b is passed by a learner of ability theta with probability logistic(theta - b), as in the Rasch
model. The people who wrote the tasks were not sure of b: what they declared is off by a Gaussian. A broken task is
never passed, and nothing tells it from the others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SKILLS, TASKS = 8, 480
HARDEST = 3.0
"""Logits; difficulties are even between -3 and 3, the span of declared ones."""
DECLARED_SD = 0.15
"""Of what is declared, 0..1, around what is true: 0.9 logits."""
BROKEN = 0.08
START, START_SD = -2.4, 0.5
"""Logits; so that 18 % of the benchmark pass at the start."""
BENCHMARK = np.linspace(-HARDEST, HARDEST, 25)
"""Difficulties of the sound tasks of each skill that tell how far a learner has come."""

Abilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Item:
    """A task: what anybody knows of it, then what only the world knows.

    Attributes:
        number: from 0.
        skill: from 0.
        declared: difficulty, 0..1.
        hard: true difficulty, logits.
        broken: whether nobody can pass it.
    """

    number: int
    skill: int
    declared: float
    hard: float
    broken: bool


@dataclass(frozen=True, slots=True)
class World:
    """Tasks, and a learner's abilities before the first attempt, an array of SKILLS logits."""

    seed: int
    items: tuple[Item, ...]
    start: Abilities


def world_of(seed: int) -> World:
    """The world of a seed; skills take turns among its tasks."""
    random = np.random.default_rng([seed, 1])
    true = random.uniform(0, 1, TASKS)
    declared = np.clip(true + random.normal(0, DECLARED_SD, TASKS), 0, 1)
    broken = set(random.permutation(TASKS)[: round(BROKEN * TASKS)].tolist())
    items = tuple(
        Item(
            number=number,
            skill=number % SKILLS,
            declared=float(declared[number]),
            hard=float(2 * HARDEST * (true[number] - 0.5)),
            broken=number in broken,
        )
        for number in range(TASKS)
    )
    return World(seed, items, random.normal(START, START_SD, SKILLS))


def success(abilities: Abilities) -> float:
    """Mean probability of passing the benchmark, 0..1."""
    return float(np.mean(1.0 / (1.0 + np.exp(BENCHMARK - abilities[:, np.newaxis]))))
