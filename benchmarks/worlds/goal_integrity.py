"""G10, G11, G12, G15: alarms, repair turns, repeated mistakes, answers to "what if"."""

import math
from typing import Self

import numpy as np

from benchmarks.worlds.arrays import Bools
from benchmarks.worlds.chance import Quick
from benchmarks.worlds.figures import FULL, Figure, Size, rate
from benchmarks.worlds.fly import Flight, Odds
from benchmarks.worlds.goal_proof import NO_EFFECTS, good_rules
from benchmarks.worlds.history import History
from benchmarks.worlds.ledger import Claims, Predictors
from benchmarks.worlds.world import Plan, planted, world
from memory.builder_model import Floats, Numbers
from memory.evidence.bets import log_factors, log_sum
from memory.evidence.integrity import ALARM, BY_LEVEL, BY_SKILL, TILTS, WHOLE
from memory.evidence.off_policy import OffPolicyAnswer, off_policy
from memory.statistics import Z95

SKILLS, LEVELS = 4, 5
SHARES = np.full(len(TILTS), 1 / len(TILTS))
SIGNATURES, ZIPF = 300, 1.1
MISTAKES = 0.65


def g10(size: Size = FULL) -> list[Figure]:
    """Alarm where a holdout of .30 is logged as .20, four skills, five steps of difficulty; false alarms where not."""
    wrong = [alarms(coins(seed, nights, 0.30), seed) for seed, nights in size.batches(1000)]
    honest = [alarms(coins(seed, nights, 0.20), seed) for seed, nights in size.batches(4000)]
    return [
        Figure("by 500", rate(_by(each, 500) for each in wrong), ">=", 0.80),
        Figure("by 2000", rate(_by(each, 2000) for each in wrong), ">=", 0.99),
        Figure("false", rate(each > 0 for each in honest), "<=", 0.003),
    ]


def _by(at: Numbers, unit: int) -> Bools:
    return np.asarray((at > 0) & (at <= unit))


def coins(seed: int, nights: int, holdout: float, units: int = 2000) -> Bools:
    """Whether each unit is treated, (units, nights)."""
    return np.asarray(np.random.default_rng(seed).random((units, nights)) >= holdout)


def alarms(treated: Bools, seed: int, *, holdout: float = 0.20) -> Numbers:
    """After how many units memory.evidence.integrity's check of the coins raises its alarm, 0 for never, (nights,).

    A skill's share of the stake is by the order of its coming.
    """
    units, nights = treated.shape
    skills, levels = kinds_of(treated, seed)
    whole, by_skill, by_level = (_Groups(nights, groups) for groups in (1, SKILLS, LEVELS))
    alarmed_at = np.zeros(nights, dtype=np.intp)
    for unit in range(units):
        won = log_factors(treated[unit][:, None], 1.0 - holdout, TILTS)
        log_e = np.logaddexp.reduce(
            [
                math.log(WHOLE) + whole.bet(np.zeros(nights, dtype=np.intp), won).each(),
                math.log(BY_SKILL) + by_skill.bet(skills[unit], won).shared(),
                math.log(BY_LEVEL) + by_level.bet(levels[unit], won).shared(),
            ]
        )
        alarmed_at = np.where((alarmed_at == 0) & (log_e >= math.log(ALARM)), unit + 1, alarmed_at)
    return alarmed_at


def kinds_of(treated: Bools, seed: int) -> tuple[Numbers, Numbers]:
    """The skill and the step of difficulty of each unit, (units, nights)."""
    generator = np.random.default_rng([seed, 1])
    return generator.integers(SKILLS, size=treated.shape), generator.integers(LEVELS, size=treated.shape)


class _Groups:
    """Bets on groups of units of one kind, in each night."""

    def __init__(self, nights: int, groups: int) -> None:
        self._rows = np.arange(nights)
        self._log_wealth = np.zeros((nights, groups, len(TILTS)))
        self._log_e = np.zeros((nights, groups))
        self._order = np.zeros((nights, groups))

    def bet(self, group: Numbers, won: Floats) -> Self:
        at = self._rows, group
        self._order[at] = np.where(self._order[at] > 0, self._order[at], self._order.max(axis=1) + 1)
        self._log_wealth[at] += won
        self._log_e[at] = log_sum(self._log_wealth[at], SHARES)
        return self

    def each(self) -> Floats:
        """The only group's."""
        return self._log_e[:, 0]

    def shared(self) -> Floats:
        """One stake shared in the order of their coming, and the rest that nobody got yet."""
        met = self._order > 0
        order = np.maximum(self._order, 1)
        parts = np.where(met, np.exp(self._log_e) / (order * (order + 1)), 0.0).sum(axis=1)
        return np.asarray(np.log(parts + 1.0 / (met.sum(axis=1) + 1)))


def g11(size: Size = FULL) -> list[Figure]:
    """False proof with up to six replies a unit, tasks of sd 2 logits, no effect; and with turns counted one by one."""
    nights = [turns_night(seed, count) for seed, count in size.batches(1000)]
    return [
        Figure("units", rate(each.book.claims.proven for each in nights), "<=", 0.05),
        Figure("turns one by one", rate(turn_by_turn(each.history) for each in nights)),
    ]


def turns_night(seed: int, nights: int) -> Flight:
    """Null nights of 500 units with five repair turns."""
    chance = Quick(seed)
    plan = Plan(nights=nights, units=500, task_sd=2.0, replies=6)
    made = world(plan, planted(NO_EFFECTS, nights, chance.generator), chance.generator)
    return Flight(made, chance).fly()


def turn_by_turn(history: History) -> Bools:
    """Whether help is proven if each turn is taken for an outcome of its own, (nights,)."""
    units, nights = history.passed.shape
    claims, predictors = Claims(nights), Predictors(nights, 1)
    cell = np.zeros(nights, dtype=np.intp)
    for unit in range(units):
        treated, holdout = ~history.control[unit], history.holdout[unit]
        for turn in range(int(history.turns.max())):
            there = history.assigned[unit] & (turn < history.turns[unit])
            outcome = (history.passed[unit] & (turn == history.turns[unit] - 1)).astype(float)
            rows, expected = np.flatnonzero(there), predictors.predict(cell)[0]
            claims.bet(
                rows,
                treated=treated[rows],
                holdout=holdout[rows],
                outcome=outcome[rows],
                predicted=expected[rows],
            )
            predictors.note(rows, cell[rows], outcome[rows], treated=treated[rows])
    return claims.proven


def g12(size: Size = FULL) -> list[Figure]:
    """The repeat hazard of a Trainer that does nothing: is help proven? And if arms keep histories of their own?"""
    shared = [repeats(seed, nights) for seed, nights in size.batches(2000)]
    apart = [repeats(seed, nights, shared=False) for seed, nights in size.batches(2000)]
    return [
        Figure("no repeat", rate(each[0] for each in shared), "<=", 0.05),
        Figure("harm", rate(each[1] for each in shared), "<=", 0.05),
        Figure("harm, histories apart", rate(each[1] for each in apart)),
    ]


def repeats(seed: int, nights: int, *, shared: bool = True, units: int = 500) -> tuple[Bools, Bools]:
    """Whether the claim "no repeated mistake" is proven, and whether harm is, in nights in which nothing is learned.

    A unit errs with probability .65; its mistake's signature is one of 300, drawn by Zipf's law with exponent 1.1.

    Args:
        seed: of the nights.
        nights: how many.
        shared: a mistake is a repeat if either arm made it before; else only if its own arm did.
        units: of a night.
    """
    generator, claims, predictors = np.random.default_rng(seed), Claims(nights), Predictors(nights, 1)
    rows, cell = np.arange(nights), np.zeros(nights, dtype=np.intp)
    holdout = np.full(nights, 0.2)
    known = np.zeros((2, nights, SIGNATURES), dtype=bool)
    odds = np.arange(1, SIGNATURES + 1) ** -ZIPF
    harm = np.zeros(nights, dtype=bool)
    for _ in range(units):
        treated = generator.random(nights) >= holdout
        erred = generator.random(nights) < MISTAKES
        signature = generator.choice(SIGNATURES, nights, p=odds / odds.sum())
        arm = np.where(treated & (not shared), 1, 0)
        outcome = (~(erred & known[arm, rows, signature])).astype(float)
        known[arm[erred], rows[erred], signature[erred]] = True
        claims.bet(rows, treated=treated, holdout=holdout, outcome=outcome, predicted=predictors.predict(cell)[0])
        predictors.note(rows, cell, outcome, treated=treated)
        harm |= claims.harm_now
    return claims.proven, harm


def g15(size: Size = FULL) -> list[Figure]:
    """The error of the answer to "and without rules?" after 2000 units, 5 good rules of +.6 among 50, drift of +1.

    Judged while the holdout stays at .20; with .05 after the proof fewer controls are left to judge by.
    """
    kept, falling = _errors(size, Odds(holdout_proven=0.2)), _errors(size, Odds())
    return [
        Figure("rmse at h .20", _rmse(kept), "<=", 0.03),
        Figure("with h .05 once proven", _rmse(falling)),
        Figure("95 % interval covers", float(np.mean([abs(error) <= Z95 * answer.error for error, answer in falling]))),
    ]


def _rmse(found: list[tuple[float, OffPolicyAnswer]]) -> float:
    return float(np.sqrt(np.mean([error**2 for error, _ in found])))


def _errors(size: Size, odds: Odds) -> list[tuple[float, OffPolicyAnswer]]:
    return [each for seed, nights in size.batches(250) for each in errors_of(seed=seed, nights=nights, odds=odds)]


def errors_of(
    *, seed: int, nights: int, units: int = 2000, odds: Odds | None = None
) -> list[tuple[float, OffPolicyAnswer]]:
    """How far off the answer is in each night that has one, and the answer."""
    chance = Quick(seed)
    effects = planted(good_rules(0.6), nights, chance.generator)
    made = world(Plan(nights=nights, units=units, drift=1.0), effects, chance.generator)
    history = Flight(made, chance, odds=odds or Odds()).fly().history
    answers = [without_rules(history, night) for night in range(nights)]
    truth = history.p_none.mean(axis=0).tolist()
    return [(answer.mean - true, answer) for answer, true in zip(answers, truth, strict=True) if answer is not None]


def without_rules(history: History, night: int) -> OffPolicyAnswer | None:
    """The product's answer for one night."""
    holdout = np.where(history.assigned[:, night], history.holdout[:, night], 1.0)
    odds = np.where(history.nominees[:, night] >= 0, history.drop_odds[:, night], 1.0).prod(axis=1)
    bare = ((history.nominees[:, night] < 0) | history.dropped[:, night]).all(axis=1) | history.control[:, night]
    weights = np.where(bare, 1.0 / (holdout + (1.0 - holdout) * odds), 0.0)
    return off_policy(weights, history.passed[:, night].astype(float), history.predicted_control[:, night])
