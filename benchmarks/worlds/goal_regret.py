"""G6, G16: what choosing costs, against uniform choice and textbook ways of Thompson sampling.

Regret of a unit is the probability of passing with the best rules less that with the chosen ones. Coins are left out:
nothing is held out or dropped, for the price of a coin is no fault of the choice, and all ways would pay it alike.
"""

import numpy as np

from benchmarks.worlds.arrays import logit
from benchmarks.worlds.chance import Quick
from benchmarks.worlds.choose import BetaCounts, Choose, Tempered, Uniform
from benchmarks.worlds.figures import FULL, Figure, Size, mean
from benchmarks.worlds.fly import NO_COINS, Flight, Odds
from benchmarks.worlds.world import Phase, Plan, World, planted, world
from memory.builder_model import Floats, Numbers

BASE, UNITS, EARLY = 0.35, 2000, 500
ARMS, ARMS_UNITS, BEST_ARM, OTHER_ARMS = 20, 5000, 0.6, (0.2, 0.5)


def mixed(rules: int, effect: float = 0.6) -> dict[float, int]:
    """A tenth helps, a tenth harms, the others do nothing."""
    return {effect: rules // 10, -effect: rules // 10, 0.0: rules - 2 * (rules // 10)}


def regrets(made: World, choose: Choose, seed: int) -> Floats:
    """(units, nights), with no coin tossed."""
    most = getattr(choose, "most", 3)
    history = Flight(made, Quick(seed), choose=choose, odds=NO_COINS, evidence=False, most=most).fly().history
    return history.p_best - history.p_shown


def g6(size: Size = FULL) -> list[Figure]:
    """Regret among 50 rules as a share of uniform choice's, after 500 units and after 2000."""
    found = shares(size)
    return [
        Figure("by 500", shares(size, units=EARLY)["ours"], "<=", 0.62),
        Figure("by 2000", found["ours"], "<=", 0.28),
        *(Figure(f"{name} by 2000", found[name]) for name in ("plain", "counts")),
        *_with_coins(size),
    ]


def shares(size: Size, *, units: int = UNITS) -> dict[str, float]:
    """Each way's regret over so many units as a share of uniform choice's."""
    ways: dict[str, Choose] = {
        "ours": Tempered(),
        "plain": Tempered(tau=1.0),
        "counts": BetaCounts(1),
        "uniform": Uniform(),
    }
    made = {seed: _plain(seed, nights, units) for seed, nights in size.batches(200)}
    total = {
        name: mean(regrets(each, way, seed).sum(axis=0) for seed, each in made.items()) for name, way in ways.items()
    }
    return {name: regret / total["uniform"] for name, regret in total.items()}


def _with_coins(size: Size) -> list[Figure]:
    """The same with the product's coins in units that are not controls, against uniform choice without dropouts."""
    nominated, treated, uniform = 0.0, 0.0, 0.0
    for seed, nights in size.batches(200):
        made = _plain(seed, nights, UNITS)
        history = Flight(made, Quick(seed), odds=Odds()).fly().history
        nominated += (history.p_best - history.p_nominated).sum()
        treated += (history.p_best - history.p_treated).sum()
        uniform += regrets(made, Uniform(), seed).sum()
    return [Figure("nominees with all coins", nominated / uniform), Figure("dropouts paid", treated / uniform)]


def _plain(seed: int, nights: int, units: int) -> World:
    generator = np.random.default_rng(seed)
    effects = planted(mixed(50), nights, generator)
    return world(Plan(nights=nights, units=units, base=BASE), effects, generator)


def g6_others(size: Size = FULL) -> list[Figure]:
    """Regret as a share of that of counts: the good set changes at half time, rules come one by one, rules are at home
    in one of five skills; and what is gained over no rules among 1000."""
    figures = []
    for name, make, mark in (("flips", _flips, 0.80), ("cold start", _cold, 0.50), ("one skill", _homes, 0.86)):
        ours, counts = 0.0, 0.0
        for seed, nights in size.batches(80):
            made = make(seed, nights)
            ours += regrets(made, Tempered(), seed).sum()
            counts += regrets(made, BetaCounts(seed), seed).sum()
        figures.append(Figure(name, ours / counts, "<=", mark))
    return [*figures, *_thousand(size)]


def _flips(seed: int, nights: int) -> World:
    """At half time the rules that help do nothing, and others help."""
    generator = np.random.default_rng(seed)
    first = planted(mixed(50), nights, generator)
    made = world(Plan(nights=nights, units=UNITS, base=BASE), first, generator)
    phases = (Phase(0, first), Phase(UNITS // 2, planted(mixed(50), nights, generator)))
    return World(
        phases=phases, offset=made.offset, skill=made.skill, task=made.task, difficulty=made.difficulty,
        known_at=made.known_at,
    )  # fmt: skip


def _cold(seed: int, nights: int) -> World:
    """No rule is known at the start, and one more after every 40 units."""
    generator = np.random.default_rng(seed)
    effects = planted(mixed(50), nights, generator)
    return world(
        Plan(nights=nights, units=UNITS, base=BASE), effects, generator, known_at=np.arange(50) * 40
    )  # fmt: skip


def _homes(seed: int, nights: int) -> World:
    """Each rule does what it does in one of five skills only: +1 for 10, -1 for 10 and nothing for 30 rules."""
    generator, skills = np.random.default_rng(seed), 5
    everywhere = planted({1.0: 10, -1.0: 10, 0.0: 30}, nights, generator)
    home = generator.integers(skills, size=(nights, 1, 50))
    effects = np.where(home == np.arange(skills)[None, :, None], everywhere, 0.0)
    return world(Plan(nights=nights, units=UNITS, base=BASE, skills=skills), effects, generator)


def _thousand(size: Size) -> list[Figure]:
    gains: dict[str, list[Floats]] = {"ours": [], "counts": []}
    for seed, nights in size.batches(20):
        generator = np.random.default_rng(seed)
        made = world(Plan(nights=nights, units=UNITS, base=BASE), planted(mixed(1000), nights, generator), generator)
        for name, way in (("ours", Tempered()), ("counts", BetaCounts(seed))):
            history = Flight(made, Quick(seed), choose=way, odds=NO_COINS, evidence=False).fly().history
            gains[name].append((history.p_shown - history.p_none).mean(axis=0))
    return [
        Figure("gain among 1000", mean(gains["ours"]), ">=", 0.15),
        Figure("counts", mean(gains["counts"])),
    ]


def g16(size: Size = FULL) -> list[Figure]:
    """One rule at a time of 20 arms: .6, the others U(.2, .5), base .35; regret after 5000, slope per ln t from 500."""
    figures = []
    for name, marks in (("ours", (185.0, 44.0)), ("plain", (None, None)), ("textbook", (None, None))):
        found = np.concatenate([_arms_path(name, seed, nights) for seed, nights in size.batches(50)], axis=1)
        slope = (found[-1] - found[EARLY - 1]).mean() / np.log(len(found) / EARLY)
        figures += [Figure(f"{name}: regret", float(found[-1].mean()), "<=", marks[0])]
        figures += [Figure("slope", float(slope), "<=", marks[1])]
    return figures


def arms_regret(name: str, *, seed: int, nights: int, units: int) -> float:
    """The mean regret of a way, `ours`, `plain` or `textbook`, after so many units of the world of arms."""
    return float(_arms_path(name, seed, nights, units=units)[-1].mean())


def _arms_path(name: str, seed: int, nights: int, *, units: int = ARMS_UNITS) -> Floats:
    """Regret so far, (units, nights)."""
    ways: dict[str, Choose] = {
        "ours": Tempered(most=1),
        "plain": Tempered(tau=1.0, most=1),
        "textbook": BetaCounts(1, most=1),
    }
    return np.asarray(np.cumsum(regrets(_arms(seed, nights, units), ways[name], seed), axis=0))


def _arms(seed: int, nights: int, units: int) -> World:
    generator = np.random.default_rng(seed)
    arms: Floats = generator.uniform(*OTHER_ARMS, size=(nights, 1, ARMS))
    best: Numbers = generator.integers(ARMS, size=(nights, 1, 1))
    np.put_along_axis(arms, best, BEST_ARM, axis=2)
    effects = logit(arms) - logit(np.array(BASE))
    return world(Plan(nights=nights, units=units, base=BASE), effects, generator)
