"""Trainers that are broken on purpose, in nights in which nothing is learned: each must fail the goal that it breaks.

Tasks differ by 1.5 logits (sd). A hard task is one of the harder half; the harder, the longer its text. G11b is the same
world with the same hazards, met as the product meets them.
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
class Hazards(Crew):
    """Long prompts and poison, met as the product does: settled before the coins, or missing in both arms alike.

    Attributes:
        added: what each rule adds to a prompt, in standard deviations of the tasks' lengths.
        context: the length that fits.
        poison: of hard tasks, the share during which the program dies; they are given up after three deaths.
        hardness: of each task, (units, nights), in standard deviations.
    """

    added: float = 0.3
    context: float = 1.5
    poison: float = 0.1
    hardness: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was decided."""
        Crew.__post_init__(self)
        self.hardness = (self.world.offset.mean() - self.world.offset) / TASK_SD

    def _nominate(self, unit: int) -> Numbers:
        """As many nominees as fit, the last one left out first."""
        length = self.hardness[unit][:, None] + self.added * np.arange(1, self.most + 1)
        return np.where(length > self.context, NONE, Crew._nominate(self, unit))

    def _happen(self, unit: int) -> None:
        Crew._happen(self, unit)
        hard = self.hardness[unit] > 0
        self.history.missing[unit] = hard & (self.noise.random(self.world.nights) < self.poison)


@dataclass(slots=True)
class DroppedFailures(Crew):
    """A fifth of the treated units that fail run into a time limit and are taken for faults."""

    def _happen(self, unit: int) -> None:
        Crew._happen(self, unit)
        history = self.history
        late = self.noise.random(self.world.nights) < 0.2
        history.missing[unit] = late & ~history.control[unit] & ~history.passed[unit]


@dataclass(slots=True)
class TossedAgain(Hazards):
    """Half of the treated units that fail at hard tasks are parked, and come back with new coins."""

    def _nominate(self, unit: int) -> Numbers:
        return Crew._nominate(self, unit)

    def _happen(self, unit: int) -> None:
        Crew._happen(self, unit)
        history, nights = self.history, self.world.nights
        failed = ~history.control[unit] & ~history.passed[unit] & (self.hardness[unit] > 0)
        again = failed & (self.noise.random(nights) < 0.5)
        control = self.noise.random(nights) < history.holdout[unit]
        passed = self.noise.random(nights) < history.p_none[unit]
        history.control[unit] = np.where(again, control, history.control[unit])
        history.passed[unit] = np.where(again, passed, history.passed[unit])


@dataclass(slots=True)
class TreatedOverflow(Hazards):
    """Whether a prompt fits is seen after the coin: long tasks with rules do not, and are taken for faults."""

    def _nominate(self, unit: int) -> Numbers:
        return Crew._nominate(self, unit)

    def _happen(self, unit: int) -> None:
        Crew._happen(self, unit)
        rules = self.added * (self.history.at(np.arange(self.world.nights), np.full(self.world.nights, unit)).shown >= 0).sum(axis=1)
        self.history.missing[unit] = (rules > 0) & (self.hardness[unit] + rules > self.context)


@dataclass(slots=True)
class DodgingHoldout(Hazards):
    """The holdout coin takes .10 of hard tasks and .30 of the others; .20 is logged."""

    def _nominate(self, unit: int) -> Numbers:
        return Crew._nominate(self, unit)

    def _toss(self, unit: int) -> None:
        Crew._toss(self, unit)
        odds = np.where(self.hardness[unit] > 0, 0.5, 1.5) * self.history.holdout[unit]
        self.history.control[unit] = self.chance.holdout(odds)

    def _happen(self, unit: int) -> None:
        Crew._happen(self, unit)


def null_world(seed: int, nights: int, units: int = UNITS) -> tuple[World, Quick]:
    """Nights in which no rule does anything and tasks differ."""
    chance = Quick(seed)
    plan = Plan(nights=nights, units=units, task_sd=TASK_SD)
    return world(plan, planted(NO_EFFECTS, nights, chance.generator), chance.generator), chance


def g11b(size: Size = FULL) -> list[Figure]:
    """False proof with four workers whose pace depends on the arm, a tight context and poison."""
    hazards: dict[str, Callable[[World, Quick], Crew]] = {
        "treated longer": lambda made, chance: Hazards(made, chance, added=0.3),
        "much longer": lambda made, chance: Hazards(made, chance, added=1.0, poison=0.3),
        "controls longer": lambda made, chance: Hazards(made, chance, added=-0.3),
        "treated failures last": lambda made, chance: Hazards(made, chance, pace=SLOW),
    }
    return [
        Figure(name, rate(each.book.claims.proven for each in flights(make, size)), "<=", 0.05)
        for name, make in hazards.items()
    ]


def flights(make: Callable[[World, Quick], Crew], size: Size) -> list[Crew]:
    """Null nights of this make."""
    return [make(*null_world(seed, nights)).fly() for seed, nights in size.batches(NIGHTS)]


def proofs(history: History) -> tuple[Bools, Bools, Bools]:
    """Whether help was ever proven, whether harm was, and whether any lambda alone has "proven" either, in each night."""
    tilt = BINARY.lambdas * (history.passed - history.predicted)[..., None]
    holdout = np.where(history.holdout > 0, history.holdout, 0.5)
    won = log_factors(~history.control[..., None], 1.0 - holdout[..., None], tilt)
    wealth = np.cumsum(np.where((history.assigned & ~history.missing)[..., None], won, 0.0), axis=0)
    helps = BINARY.helps
    bound = np.log(PROVEN)
    parts = [log_sum(wealth[..., chosen], BINARY.weights[chosen]) >= bound for chosen in (helps, ~helps)]
    best = wealth.max(axis=-1) >= bound
    return parts[0].any(axis=0), parts[1].any(axis=0), best.any(axis=0)


def _turns(size: Size) -> float:
    return rate(turn_by_turn(turns_night(seed, nights).history) for seed, nights in size.batches(NIGHTS))


def _helped(make: Callable[[World, Quick], Crew]) -> Callable[[Size], float]:
    return lambda size: rate(each.book.claims.proven for each in flights(make, size))


def _dodging(size: Size) -> float:
    return rate(proofs(each.history)[1] for each in flights(DodgingHoldout, size))


def _best_lambda(size: Size) -> float:
    nights = [Flight(*null_world(seed, count, LONG)).fly() for seed, count in size.batches(NIGHTS)]
    return rate(proofs(each.history)[2] for each in nights)


def _wrong_log(size: Size) -> float:
    return rate(alarms(coins(seed, nights, 0.30), seed) > 0 for seed, nights in size.batches(NIGHTS))


@dataclass(frozen=True, slots=True)
class Variant:
    """A broken Trainer: what it does, the goal that it must fail, that goal's mark, and how often it trips."""

    name: str
    goal: str
    mark: float
    trips: Callable[[Size], float]


VARIANTS = (
    Variant("repair turns counted one by one", "G11", FALSE_PROOF, _turns),
    Variant("treated failures dropped as faults", "G11b", FALSE_PROOF, _helped(DroppedFailures)),
    Variant("a unit that came back is tossed again", "G11b", FALSE_PROOF, _helped(TossedAgain)),
    Variant(
        "evidence in the order of finishing, 16 workers", "G11b", FALSE_PROOF,
        _helped(lambda made, chance: Crew(made, chance, workers=16, pace=SLOW, in_order=False)),
    ),
    Variant("an overflow that only treated prompts meet", "G11b", FALSE_PROOF, _helped(TreatedOverflow)),
    Variant("a holdout that dodges hard tasks: harm", "G1", FALSE_PROOF, _dodging),
    Variant("the best lambda chosen afterwards", "G1", FALSE_PROOF, _best_lambda),
    Variant("holdout of .30 logged as .20: alarm", "G10", FALSE_ALARM, _wrong_log),
)  # fmt: skip


def power(trips: float, mark: float, nights: int) -> float:
    """The probability that a check of so many nights notices what trips so often (normal approximation)."""
    spread = max((trips * (1.0 - trips) / nights) ** 0.5, 1e-9)
    return NormalDist().cdf((trips - mark) / spread)
