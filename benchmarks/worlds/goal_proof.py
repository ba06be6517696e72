"""G1 to G5 and G7: is nothing proven where nothing is learned, and what is learned soon; does the interval hold?"""

import numpy as np

from benchmarks.worlds.arrays import Bools
from benchmarks.worlds.chance import Quick
from benchmarks.worlds.figures import FULL, Figure, Size, mean, quantile, rate
from benchmarks.worlds.fly import Flight, Odds
from benchmarks.worlds.history import History
from benchmarks.worlds.ledger import Claims, Predictors
from benchmarks.worlds.world import Plan, planted, world
from memory.builder_model import Floats, Numbers
from memory.evidence.effect import FEWEST_IN_ARM, FEWEST_UNITS, half_width
from memory.statistics import Z95

RULES = 50
NO_EFFECTS = {0.0: RULES}
FIXED_N = 158
"""Units that a z-test with a fixed number of them needs for .34 against .12, h = .2, .05 one-sided, power .8."""
FEWEST_FOR_Z = 5


def good_rules(effect: float) -> dict[float, int]:
    """Five that help, among fifty."""
    return {effect: 5, 0.0: RULES - 5}


def flown(effects: dict[float, int], plan: Plan, seed: int, *, odds: Odds | None = None, every: int = 0) -> Flight:
    """Nights with these rules and the full policy; all are known at the start, or one more after `every` units."""
    chance = Quick(seed)
    count = sum(effects.values())
    made = world(
        plan,
        planted(effects, plan.nights, chance.generator),
        chance.generator,
        known_at=np.arange(count) * every,
    )
    return Flight(made, chance, odds=odds or Odds()).fly()


def g1(size: Size = FULL) -> list[Figure]:
    """False proof: 50 rules that do nothing, base .35, drift of -1, 0 or +1 logit over a night; a look at each unit."""
    falling, rising, long = _null(size, 500, -1.0), _null(size, 500, 1.0), _null(size, 2000, 0.0)
    return [
        Figure("drift -1", rate(each.book.claims.proven for each in falling), "<=", 0.064),
        Figure("drift 0", rate(_by(each.book.proven_at, 500) for each in long), "<=", 0.064),
        Figure("drift +1", rate(each.book.claims.proven for each in rising), "<=", 0.064),
        Figure("drift 0, 2000 units", rate(each.book.claims.proven for each in long), "<=", 0.064),
        Figure("z-test at every unit of 500", rate(z_test(each.history, 500) for each in long)),
    ]


def _null(size: Size, units: int, drift: float) -> list[Flight]:
    return [
        flown(NO_EFFECTS, Plan(nights=nights, units=units, drift=drift), seed) for seed, nights in size.batches(1000)
    ]


def z_test(history: History, units: int) -> Bools:
    """Whether a two-sided z-test for two shares is significant at .05 after any of these units, (nights,)."""
    counts, passed = history.assigned[:units], history.passed[:units]
    treated, control = counts & ~history.control[:units], counts & history.control[:units]
    n1, n0 = np.cumsum(treated, axis=0), np.cumsum(control, axis=0)
    passes1, passes0 = np.cumsum(treated & passed, axis=0), np.cumsum(control & passed, axis=0)
    enough = (n1 >= FEWEST_FOR_Z) & (n0 >= FEWEST_FOR_Z)
    n1, n0 = np.maximum(n1, 1), np.maximum(n0, 1)
    pooled = (passes1 + passes0) / (n1 + n0)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n1 + 1 / n0))
    return np.asarray((enough & (np.abs(passes1 / n1 - passes0 / n0) > Z95 * spread)).any(axis=0))


def g2(size: Size = FULL) -> list[Figure]:
    """Any certificate in a night of 2000 in which no rule does anything: 50 at the start, or one more now and then."""
    figures = []
    for name, every in (("50 at the start", 0), ("one more every 40", 40), ("one more every 200", 200)):
        rules = {0.0: min(RULES, 1 + 2000 // every) if every else RULES}
        nights = [flown(rules, Plan(nights=count, units=2000), seed, every=every) for seed, count in size.batches(500)]
        figures.append(Figure(name, rate(each.book.first_badge_at > 0 for each in nights), "<=", 0.10))
    return figures


def g3(size: Size = FULL) -> list[Figure]:
    """How soon learning is proven with 5 good rules of 50: by 500 units and by 2000, and half of the nights."""
    strong = _good(size, 1.0, 500)
    weak = _good(size, 0.6, 2000)
    return [
        Figure("+1.0 by 500", rate(each.book.claims.proven for each in strong), ">=", 0.90),
        Figure("+.6 by 500", rate(_by(each.book.proven_at, 500) for each in weak), ">=", 0.28),
        Figure("by 2000", rate(each.book.claims.proven for each in weak), ">=", 0.97),
        Figure("median", quantile((each.book.proven_at for each in weak), 0.5), "<=", 700),
    ]


def _good(size: Size, effect: float, units: int, *, odds: Odds | None = None, full: int = 500) -> list[Flight]:
    return [
        flown(good_rules(effect), Plan(nights=nights, units=units), seed, odds=odds)
        for seed, nights in size.batches(full)
    ]


def _by(at: Numbers, unit: int) -> Bools:
    return np.asarray((at > 0) & (at <= unit))


def g4(size: Size = FULL) -> list[Figure]:
    """Units until .34 against .12 mistakes is proven, h = .2, against the z-test's fixed 158."""
    stops = [_stop(seed, nights) for seed, nights in size.batches(2000)]
    return [
        Figure("median / 158", quantile(stops, 0.5) / FIXED_N, "<=", 1.0),
        Figure("80 % / 158", quantile(stops, 0.8) / FIXED_N, "<=", 1.7),
    ]


def _stop(seed: int, nights: int) -> Numbers:
    generator, claims, predictors = np.random.default_rng(seed), Claims(nights), Predictors(nights, 1)
    rows, cell, holdout = np.arange(nights), np.zeros(nights, dtype=np.intp), np.full(nights, 0.2)
    stop = np.zeros(nights, dtype=np.intp)
    for unit in range(1000):
        treated = generator.random(nights) >= holdout
        outcome = (generator.random(nights) >= np.where(treated, 0.12, 0.34)).astype(float)
        claims.bet(rows, treated=treated, holdout=holdout, outcome=outcome, predicted=predictors.predict(cell)[0])
        predictors.note(rows, cell, outcome, treated=treated)
        stop = np.where((stop == 0) & claims.proven, unit + 1, stop)
    return stop


def g5(size: Size = FULL) -> list[Figure]:
    """Whether the interval covers the running effect at every unit of 1000, base .35; how far it reaches, base .30.

    Widths are those of nights in which nothing helps and the holdout stays at .20; there the pass rate p alone decides
    them, for the sd of phi is sqrt(p (1 - p) / (h (1 - h))). At .35 they are told and not judged.
    """
    figures = []
    for effect in (0.0, 0.6, 1.0):
        nights = _good(size, effect, 1000, full=1000)
        figures.append(Figure(f"covered at {effect:+.1f}", rate(covered(each.history) for each in nights), ">=", 0.95))
    for base, marks in ((0.30, (0.17, 0.085)), (0.35, (None, None))):
        reach = _widths(size, base)
        figures += [Figure(f"half-width at 500, base {base}", reach[0], "<=", marks[0])]
        figures += [Figure("at 2000", reach[1], "<=", marks[1])]
    return figures


def _widths(size: Size, base: float) -> tuple[float, float]:
    nights = [
        flown(NO_EFFECTS, Plan(nights=count, units=2000, base=base), seed, odds=Odds(holdout_proven=0.2))
        for seed, count in size.batches(250)
    ]
    reach = [interval(each.history)[1] for each in nights]
    return mean(each[499] for each in reach), mean(each[1999] for each in reach)


def _pseudo_outcomes(history: History) -> Floats:
    """The phi of each unit, 0 where no coin was tossed, (units, nights)."""
    m1, m0, h = history.predicted_treated, history.predicted_control, np.maximum(history.holdout, 1e-9)
    passed = history.passed.astype(float)
    correction = np.where(history.control, -(passed - m0) / h, (passed - m1) / (1 - h))
    return np.asarray(np.where(history.assigned, m1 - m0 + correction, 0.0))


def _running(history: History, values: Floats) -> Floats:
    """Means so far over the units whose coin was tossed."""
    sums = np.cumsum(np.where(history.assigned, values, 0.0), axis=0)
    return np.asarray(sums / np.maximum(np.cumsum(history.assigned, axis=0), 1))


def interval(history: History) -> tuple[Floats, Floats]:
    """The average effect so far and how far its interval reaches, after each unit; infinite before there is one."""
    phi = _pseudo_outcomes(history)
    mean_so_far = _running(history, phi)
    sd = np.sqrt(np.maximum(_running(history, phi**2) - mean_so_far**2, 0.0))
    units = np.cumsum(history.assigned, axis=0)
    controls = np.cumsum(history.assigned & history.control, axis=0)
    smaller = np.minimum(controls, units - controls)
    enough = (units >= FEWEST_UNITS) & (smaller >= FEWEST_IN_ARM)
    reach = half_width(sd, np.maximum(units, 1), np.maximum(smaller, 1))
    return mean_so_far, np.where(enough, reach, np.inf)


def covered(history: History) -> Bools:
    """Whether the interval covers the running effect after every unit, (nights,)."""
    truth, (middle, reach) = _running(history, history.p_treated - history.p_none), interval(history)
    return np.asarray((np.abs(middle - truth) <= reach).all(axis=0))


def g7(size: Size = FULL) -> list[Figure]:
    """Units until the first certificate in half of the nights, 5 good rules of 50."""
    weak, strong = _good(size, 0.6, 2000, full=250), _good(size, 1.0, 2000, full=250)
    return [
        Figure("+.6", quantile((each.book.first_badge_at for each in weak), 0.5), "<=", 1500),
        Figure("+1.0", quantile((each.book.first_badge_at for each in strong), 0.5), "<=", 600),
        Figure("+.6, certified of 5 by 2000", mean(each.book.badges.certified.sum(axis=1) for each in weak)),
    ]
