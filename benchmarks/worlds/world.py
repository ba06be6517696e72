"""Worlds with planted truths: what a unit's odds are, in many nights at once.

    logit of a reply = offset[unit, night] + sum of the shown rules' effects + bonus[reply]

A unit passes if one of its replies is right; it asks for as many as `bonus` is long, at most. The offset holds what is
beyond the Trainer's hands: ability, drift, the task's own difficulty.
"""

from dataclasses import dataclass, field

import numpy as np

from benchmarks.worlds.arrays import logistic, logit
from memory.builder_model import Floats, Numbers


@dataclass(frozen=True, slots=True)
class Phase:
    """Effects of rules from a unit on: (nights, skills, rules), in logits."""

    begins: int
    effects: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The truth of many nights.

    Attributes:
        phases: effects of the rules; the first begins at 0.
        offset: (units, nights), logits.
        skill: (units, nights), from 0.
        task: (units, nights); -1 for tasks that come once.
        difficulty: (units, nights), declared, 0..1.
        known_at: (rules,), the unit before which a rule becomes known, never falling.
        bonus: (replies,), logits.
        tasks: how many come more than once.
    """

    phases: tuple[Phase, ...]
    offset: Floats
    skill: Numbers
    task: Numbers
    difficulty: Floats
    known_at: Numbers
    bonus: Floats = field(default_factory=lambda: np.zeros(1))
    tasks: int = 0

    @property
    def units(self) -> int:
        """Of a night."""
        return int(self.offset.shape[0])

    @property
    def nights(self) -> int:
        """How many."""
        return int(self.offset.shape[1])

    @property
    def skills(self) -> int:
        """How many."""
        return int(self.phases[0].effects.shape[1])

    @property
    def rules(self) -> int:
        """How many there are in the end."""
        return int(self.phases[0].effects.shape[2])

    def known(self, unit: int) -> int:
        """How many rules are known when this unit is decided: the first so many."""
        return int(np.searchsorted(self.known_at, unit, side="right"))

    def effects(self, unit: int) -> Floats:
        """(nights, rules) in the skill of this unit."""
        phase = [each for each in self.phases if each.begins <= unit][-1]
        return np.asarray(phase.effects[np.arange(self.nights), self.skill[unit]])

    def replies(self, unit: int, effect: Floats) -> Floats:
        """The probability that each reply is right with rules of this effect together, (nights, replies)."""
        return logistic((self.offset[unit] + effect)[:, None] + self.bonus)

    def passing(self, unit: int, effect: Floats) -> Floats:
        """The probability that a unit passes with rules of this effect together, (nights,)."""
        return np.asarray(1.0 - np.prod(1.0 - self.replies(unit, effect), axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What most worlds are made with.

    Attributes:
        nights: how many.
        units: of a night.
        base: the pass rate of one reply at the start with nothing shown and an average task.
        drift: logits that the Builder gains, in even steps, from the first unit to the last.
        task_sd: of the tasks' offsets, in logits; each task comes once.
        skills: how many, all equally likely; one practised by each unit.
        replies: at most, of a unit.
    """

    nights: int
    units: int
    base: float = 0.35
    drift: float = 0.0
    task_sd: float = 0.0
    skills: int = 1
    replies: int = 1


def world(plan: Plan, effects: Floats, generator: np.random.Generator, *, known_at: Numbers | None = None) -> World:
    """A world of these effects, (nights, skills, rules) in logits; every task is new and declared of medium difficulty.

    Args:
        plan: of the world.
        effects: for all of the night.
        generator: draws skills and tasks.
        known_at: as in World; every rule from the start if not given.
    """
    shape = plan.units, plan.nights
    ramp = plan.drift * np.linspace(0.0, 1.0, plan.units)[:, None]
    offset = np.broadcast_to(float(logit(np.array(plan.base))) + ramp, shape)
    if plan.task_sd:
        offset = offset + plan.task_sd * generator.standard_normal(shape)
    one = np.broadcast_to(np.zeros(1, dtype=np.intp), shape)
    return World(
        phases=(Phase(0, effects),),
        offset=offset,
        skill=generator.integers(plan.skills, size=shape) if plan.skills > 1 else one,
        task=one - 1,
        difficulty=np.broadcast_to(np.full(1, 0.5), shape),
        known_at=np.zeros(effects.shape[2], dtype=np.intp) if known_at is None else known_at,
        bonus=np.zeros(plan.replies),
    )


def planted(counts: dict[float, int], nights: int, generator: np.random.Generator) -> Floats:
    """Effects of one skill, (nights, 1, rules), in a random order of each night: effect in logits -> how many rules."""
    row = np.concatenate([np.full(count, effect) for effect, count in counts.items()])
    return np.asarray(generator.permuted(np.tile(row, (nights, 1)), axis=1)[:, None, :])


def best_of(effects: Floats, most: int, known: int) -> Floats:
    """The sum of the highest effects above 0 of the first `known` rules, (nights,)."""
    if not known:
        return np.zeros(len(effects))
    ordered = -np.sort(-np.maximum(effects[:, :known], 0.0), axis=1)
    return np.asarray(ordered[:, :most].sum(axis=1))
