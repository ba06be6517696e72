"""Two arms and a yes or no: an exact test, the size of the effect, its interval. All for one look, planned beforehand.

Where each coin is tossed with the same probability, the number of treated sessions tells nothing about an effect; given
that number, every way of dealing the arms out is equally likely, whatever the coin's probability was. So the
randomisation test that respects the coins is, exactly, Fisher's (1935): the hypergeometric distribution. Nothing is
assumed of the sessions: not that they are alike, not that they are independent.

Not covered: looking again and again and stopping when p is small (see memory.evidence.bets), and sessions that are
missing for a reason that has to do with the arm.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from memory.statistics import wilson_interval


@dataclass(frozen=True, slots=True)
class Counts:
    """What the two arms show; 0 <= passed <= total in each."""

    treated_passed: int
    treated: int
    control_passed: int
    control: int

    def __post_init__(self) -> None:
        """Refuse what no experiment can show."""
        if not (0 <= self.treated_passed <= self.treated and 0 <= self.control_passed <= self.control):
            raise ValueError(f"no counts of two arms: {self}")


@dataclass(frozen=True, slots=True)
class PValues:
    """Exact p-values in 0..1.

    Attributes:
        two_sided: all ways of dealing that are at most as likely as what was seen (Freeman and Halton 1951; the
            definition of R's fisher.test and of scipy.stats.fisher_exact).
        more: as many passed treated sessions as were seen, or more.
        fewer: as many as were seen, or fewer.
        mid: the two-sided one with half of the probability of what is exactly as likely as what was seen
            (Lancaster 1961); less conservative, no longer guaranteed.
    """

    two_sided: float
    more: float
    fewer: float
    mid: float


def randomisation_test(counts: Counts) -> PValues:
    """Exact p-values of "no session's outcome depends on its arm", in whole numbers until the last division."""
    passed = counts.treated_passed + counts.control_passed
    first, last = max(0, passed - counts.control), min(passed, counts.treated)
    ways = {k: math.comb(counts.treated, k) * math.comb(counts.control, passed - k) for k in range(first, last + 1)}
    seen, total = ways[counts.treated_passed], sum(ways.values())
    less_likely = sum(each for each in ways.values() if each < seen)
    as_likely = sum(each for each in ways.values() if each == seen)
    return PValues(
        two_sided=_ratio(less_likely + as_likely, total),
        more=_ratio(sum(each for k, each in ways.items() if k >= counts.treated_passed), total),
        fewer=_ratio(sum(each for k, each in ways.items() if k <= counts.treated_passed), total),
        mid=_ratio(2 * less_likely + as_likely, 2 * total),
    )


def _ratio(part: int, whole: int) -> float:
    return float(Fraction(part, whole))


@dataclass(frozen=True, slots=True)
class Effect:
    """How far the arms are apart.

    Attributes:
        difference: rate of the treated minus rate of the control sessions, -1..1.
        low, high: Newcombe's interval of it, 95 %.
        odds_ratio: the sample's; with 1/2 added to all four counts where one is 0 (Haldane 1956, Anscombe 1956).
    """

    difference: float
    low: float
    high: float
    odds_ratio: float


def effect_of(counts: Counts) -> Effect | None:
    """The effect; None as long as an arm is empty.

    The interval is Newcombe's hybrid score interval (1998, Statistics in Medicine 17:873, method 10), made of Wilson's
    of either arm. It is no exact one: enumerated over a grid of true rates from .01 to .99 its mean coverage is 95.2 %,
    its smallest, where both rates are close to 0 or to 1, is 88 % with 10 and 10 sessions, 90 % with 20 and 20 and 92 %
    with 50 and 50 (a test does that again).
    """
    if not counts.treated or not counts.control:
        return None
    treated, control = counts.treated_passed / counts.treated, counts.control_passed / counts.control
    low_t, high_t = wilson_interval(counts.treated_passed, counts.treated)
    low_c, high_c = wilson_interval(counts.control_passed, counts.control)
    difference = treated - control
    return Effect(
        difference=difference,
        low=difference - math.hypot(treated - low_t, high_c - control),
        high=difference + math.hypot(high_t - treated, control - low_c),
        odds_ratio=_odds_ratio(counts),
    )


def _odds_ratio(counts: Counts) -> float:
    cells = [
        float(counts.treated_passed),
        float(counts.treated - counts.treated_passed),
        float(counts.control_passed),
        float(counts.control - counts.control_passed),
    ]
    if 0.0 in cells:
        cells = [cell + 0.5 for cell in cells]
    return cells[0] * cells[3] / (cells[1] * cells[2])
