"""Trainers that are broken on purpose, in nights in which nothing is learned: each must fail the goal that it breaks.

Tasks differ by 1.5 logits (sd). A hard task is one of the harder half; the harder, the longer its text. G11b is the
same world with the same hazards, met as the product meets them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from benchmarks.worlds.arrays import NONE, Bools
from benchmarks.worlds.chance import Quick
from benchmarks.worlds.crew import Crew, Pace
from benchmarks.worlds.figures import FULL, Figure, Size, rate
from benchmarks.worlds.fly import Flight
from benchmarks.worlds.goal_integrity import alarms, coins, turn_by_turn, turns_night
from benchmarks.worlds.goal_proof import NO_EFFECTS
from benchmarks.worlds.history import History
from benchmarks.worlds.world import Plan, World, planted, world
from memory.builder_model import Floats, Numbers
from memory.evidence.bets import BINARY, PROVEN, log_factors, log_sum

NIGHTS, UNITS, LONG, TASK_SD = 1000, 500, 1000, 1.5
FALSE_PROOF, FALSE_ALARM = 0.064, 0.003
"""Of 1000 nights; an honest .05 is above .064 once in 50 times."""
SLOW = Pace(treated_failed=50.0)
"""Treated units that fail end when the night does, so to speak."""


@dataclass(slots=True)
class Tasks(Crew):
    """Nights whose tasks are known to differ; one worker.

    Attributes:
        added: what each rule adds to a prompt, in standard deviations of the tasks' lengths; below 0 it shortens it.
        context: the length that fits.
        hardness: of each task, (units, nights), in standard deviations.
    """

    workers: int = 1
    added: float = 0.3
    context: float = 1.5
    hardness: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was decided."""
        Crew.__post_init__(self)
        self.hardness = (self.world.offset.mean() - self.world.offset) / TASK_SD

    def some(self, share: float) -> Bools:
        """This share of the nights, whatever else happens."""
        return np.asarray(self.noise.random(self.world.nights) < share)


@dataclass(slots=True)
class Hazards(Tasks):
    """Long prompts and poison, met as the product does: settled before the coins, or missing in both arms alike.

    Attributes:
        poison: of hard tasks, the share during which the program dies; they are given up after three deaths.
    """

    workers: int = 4
    poison: float = 0.1

    def nominate(self, unit: int) -> Numbers:
        """As many nominees as fit in the longer of both prompts, the last one left out first."""
        length = self.hardness[unit][:, None] + max(self.added, 0.0) * np.arange(1, self.most + 1)
        return np.where(length > self.context, NONE, Crew.nominate(self, unit))

    def happen(self, unit: int) -> None:
        """Poison works in either arm."""
        Crew.happen(self, unit)
        self.history.missing[unit] = self.some(self.poison) & (self.hardness[unit] > 0)


@dataclass(slots=True)
class DroppedFailures(Tasks):
    """Some of the treated units that fail run into a time limit and are taken for faults."""

    late: float = 0.4

    def happen(self, unit: int) -> None:
        """A failure is missing."""
        Crew.happen(self, unit)
        history = self.history
        history.missing[unit] = self.some(self.late) & ~history.control[unit] & ~history.passed[unit]


@dataclass(slots=True)
class TossedAgain(Tasks):
    """Some of the treated units that fail at hard tasks are parked, and come back with new coins."""

    parked: float = 0.5

    def happen(self, unit: int) -> None:
        """Another coin, another outcome."""
        Crew.happen(self, unit)
        history, nights = self.history, self.world.nights
        failed = ~history.control[unit] & ~history.passed[unit] & (self.hardness[unit] > 0)
        again = failed & self.some(self.parked)
        control = self.noise.random(nights) < history.holdout[unit]
        passed = self.noise.random(nights) < history.p_none[unit]
        history.control[unit] = np.where(again, control, history.control[unit])
        history.passed[unit] = np.where(again, passed, history.passed[unit])


@dataclass(slots=True)
class TreatedOverflow(Tasks):
    """Whether a prompt fits is seen after the coin: long tasks with rules do not, and are taken for faults."""

    def happen(self, unit: int) -> None:
        """A long treated unit is missing."""
        Crew.happen(self, unit)
        history = self.history
        shown = (history.nominees[unit] >= 0) & ~history.dropped[unit] & ~history.control[unit][:, None]
        rules = self.added * shown.sum(axis=1)
        history.missing[unit] = (rules > 0) & (self.hardness[unit] + rules > self.context)


@dataclass(slots=True)
class DodgingHoldout(Tasks):
    """The holdout coin takes half as many of the hard tasks as is logged, and more of the others instead."""

    def toss(self, unit: int) -> None:
        """The logged probability is not the coin's."""
        Crew.toss(self, unit)
        odds = np.where(self.hardness[unit] > 0, 0.5, 1.5) * self.history.holdout[unit]
        self.history.control[unit] = self.chance.holdout(odds)


def null_world(seed: int, nights: int, units: int = UNITS) -> tuple[World, Quick]:
    """Nights in which no rule does anything and tasks differ."""
    chance = Quick(seed)
    plan = Plan(nights=nights, units=units, task_sd=TASK_SD)
    return world(plan, planted(NO_EFFECTS, nights, chance.generator), chance.generator), chance


HAZARDS: dict[str, Callable[[World, Quick], Crew]] = {
    "treated longer": lambda made, chance: Hazards(made, chance, added=0.3),
    "much longer": lambda made, chance: Hazards(made, chance, added=1.0, poison=0.3),
    "controls longer": lambda made, chance: Hazards(made, chance, added=-0.3, pace=Pace(treated=0.5)),
    "treated failures last": lambda made, chance: Hazards(made, chance, pace=SLOW),
}


def g11b(size: Size = FULL) -> list[Figure]:
    """False proof with four workers whose pace depends on the arm, a tight context and poison."""
    return [
        Figure(name, rate(each.book.claims.proven for each in flights(make, size, NIGHTS // 2)), "<=", 0.05)
        for name, make in HAZARDS.items()
    ]


def flights(make: Callable[[World, Quick], Crew], size: Size, full: int) -> list[Crew]:
    """Null nights of this make, `full` of them at full size."""
    return [make(*null_world(seed, nights)).fly() for seed, nights in size.batches(full)]


def proofs(history: History) -> tuple[Bools, Bools, Bools]:
    """In each night, whether help was ever proven, whether harm was, and whether one lambda alone "proves" either."""
    tilt = BINARY.lambdas * (history.passed - history.predicted)[..., None]
    holdout = np.where(history.holdout > 0, history.holdout, 0.5)
    won = log_factors(~history.control[..., None], 1.0 - holdout[..., None], tilt)
    wealth = np.cumsum(np.where((history.assigned & ~history.missing)[..., None], won, 0.0), axis=0)
    bound = np.log(PROVEN)
    parts = [log_sum(wealth[..., chosen], BINARY.weights[chosen]) >= bound for chosen in (BINARY.helps, BINARY.harms)]
    best = wealth.max(axis=-1) >= bound
    return parts[0].any(axis=0), parts[1].any(axis=0), best.any(axis=0)


def _turns(size: Size) -> float:
    return rate(turn_by_turn(turns_night(seed, nights).history) for seed, nights in size.batches(NIGHTS))


def _helped(make: Callable[[World, Quick], Crew]) -> Callable[[Size], float]:
    def trips(size: Size) -> float:
        return rate(each.book.claims.proven for each in flights(make, size, NIGHTS))

    return trips


def _dodging(size: Size) -> float:
    return rate(proofs(each.history)[1] for each in flights(DodgingHoldout, size, NIGHTS))


def _best_lambda(size: Size) -> float:
    nights = [Flight(*null_world(seed, count, LONG)).fly() for seed, count in size.batches(NIGHTS)]
    return rate(proofs(each.history)[2] for each in nights)


def _wrong_log(size: Size) -> float:
    return rate(alarms(coins(seed, nights, 0.30), seed) > 0 for seed, nights in size.batches(NIGHTS))


@dataclass(frozen=True, slots=True)
class Variant:
    """A broken Trainer.

    Attributes:
        name: what it does.
        goal: that it must fail.
        mark: the goal's.
        trips: how often it is beyond what it should be.
        expected: how often it was in 1000 nights.
        enough: nights in which it is noticed with a probability of more than .99.
    """

    name: str
    goal: str
    mark: float
    trips: Callable[[Size], float]
    expected: float
    enough: int


VARIANTS = (
    Variant("repair turns counted one by one", "G11", FALSE_PROOF, _turns, 0.15, 200),
    Variant("treated failures dropped as faults", "G11b", FALSE_PROOF, _helped(DroppedFailures), 0.48, 60),
    Variant("a unit that came back is tossed again", "G11b", FALSE_PROOF, _helped(TossedAgain), 0.25, 60),
    Variant(
        "evidence in the order of finishing, 16 workers", "G11b", FALSE_PROOF,
        _helped(lambda made, chance: Crew(made, chance, workers=16, pace=SLOW, in_order=False)), 0.28, 60,
    ),
    Variant("an overflow that only treated prompts meet", "G11b", FALSE_PROOF, _helped(TreatedOverflow), 0.36, 60),
    Variant("a holdout that dodges hard tasks: harm", "G1", FALSE_PROOF, _dodging, 0.23, 60),
    Variant("the best lambda chosen afterwards", "G1", FALSE_PROOF, _best_lambda, 0.14, 200),
    Variant("holdout of .30 logged as .20: alarm", "G10", FALSE_ALARM, _wrong_log, 1.0, 30),
)  # fmt: skip


def power(trips: float, mark: float, nights: int) -> float:
    """The probability that a check of so many nights notices what trips so often (normal approximation)."""
    spread = max((trips * (1.0 - trips) / nights) ** 0.5, 1e-9)
    return NormalDist().cdf((trips - mark) / spread)
