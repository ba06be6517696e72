"""What many simulated nights say together: how often learning is proven, rightly or not, and at what price."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Literal

from pydantic import BaseModel

from memory.attempts import FROZEN
from memory.evidence.certificates import FALSE_BADGES
from memory.evidence.report_forms import Standing
from memory.statistics import pass_rate, wilson_interval
from utils.commands.night_figures import Badge, NightFigures

FALSE_PROOFS = 0.05
QUANTILES = (0.05, 0.5, 0.8, 0.95)
MOMENTS = 4
MOST_POINTS = 256
DIGITS = 6

Meaning = Literal["power", "possible", "false proofs"]


class ShareReport(BaseModel):
    """A share of the nights, with its 95 % interval (Wilson 1927); `bound` is what it may be at most, if anything."""

    model_config = FROZEN

    nights: int
    share: float
    low: float
    high: float
    bound: float | None = None


class ProofReport(BaseModel):
    """Nights in which help, or harm, was proven: `false proofs` where nothing planted can do so.

    Where something can, help is `power`, for the Trainer looks for what helps; harm is `possible`, for it avoids that.
    """

    model_config = FROZEN

    meaning: Meaning
    proven: ShareReport


class BadgeReport(BaseModel):
    """Verdicts of one kind a night, and the nights with a wrong one."""

    model_config = FROZEN

    right: float
    wrong: float
    nights_with_wrong: ShareReport


class RegretReport(BaseModel):
    """What choosing rules cost, in planted logits an attempt, controls left out.

    mean over attempts of (best - shown): `best` is the sum of the three rules in scope that help most, as far as they
    help; `shown` the sum of those that were shown, so that the price of the coins that drop them is part of it.
    `uniform` is the same for three rules drawn from those in scope without looking, and without coins;
    `share` = regret / uniform, None where there is nothing to choose.
    """

    model_config = FROZEN

    regret: float
    uniform: float
    share: float | None


class EvidenceAt(BaseModel):
    """Quantiles over the nights of the evidence for help after so many attempts with a coin, as powers of ten.

    quantiles: of 5, 50, 80 and 95 %.
    """

    model_config = FROZEN

    unit: int
    quantiles: tuple[float, ...]


class World(BaseModel):
    """What is planted, and what was asked for.

    Attributes:
        truths: a file, or the name of a world.
        rules: brought in before the nights begin.
        may_help: whether anything that can be learned helps anywhere.
        may_harm: whether anything harms anywhere.
        units: attempts a night.
        seed: that of the nights is drawn from.
        settings: those that the nights rest on.
    """

    model_config = FROZEN

    truths: str
    rules: int
    may_help: bool
    may_harm: bool
    units: int
    seed: int
    settings: Mapping[str, str]


class RehearsalReport(BaseModel):
    """All figures of a rehearsal.

    Attributes:
        simulated: these figures are of no real model.
        nights: how many.
        standings: how many ended how.
        helps: nights in which it was ever proven that learning helps.
        harms: the same for harm.
        units_to_proof: median and 80 % quantile over all nights of the attempts with a coin; None where fewer nights
            proved it.
        certificates: of what helps.
        retirements: of what harms.
        regret: of the choice of rules; None where nothing learned is shown.
        treated: share of passes of attempts that could see what was learned; None without any.
        control: of those that could not.
        suspended: nights with an alarm.
        brier: mean score of the forecasts of passing; None without any.
        constant_brier: of the best constant of each night.
        proven_by: (attempts with a coin, share of nights in which help was proven by then), at most 256 points.
        evidence: at the quarters of a night.
        each: night by night.
    """

    schema_version: Literal[1] = 1
    simulated: Literal[True] = True
    world: World
    nights: int
    standings: dict[Standing, int]
    helps: ProofReport
    harms: ProofReport
    units_to_proof: tuple[int | None, int | None]
    certificates: BadgeReport
    retirements: BadgeReport
    regret: RegretReport | None
    treated: float | None
    control: float | None
    suspended: int
    brier: float | None
    constant_brier: float | None
    proven_by: tuple[tuple[int, float], ...]
    evidence: tuple[EvidenceAt, ...]
    each: tuple[NightFigures, ...]


def report_of(world: World, nights: Sequence[NightFigures]) -> RehearsalReport:
    """The report of at least one night."""
    proofs = sorted(night.proven_at or math.inf for night in nights)
    return RehearsalReport(
        world=world,
        nights=len(nights),
        standings={
            name: sum(night.standing == name for night in nights) for name in sorted({n.standing for n in nights})
        },
        helps=_proof(nights, lambda night: night.proven_at > 0, meaning="power" if world.may_help else "false proofs"),
        harms=_proof(
            nights, lambda night: night.harm_proven_at > 0, meaning="possible" if world.may_harm else "false proofs"
        ),
        units_to_proof=(_finite(quantile(proofs, 0.5)), _finite(quantile(proofs, 0.8))),
        certificates=_badges(nights, "certified"),
        retirements=_badges(nights, "retired"),
        regret=_regret(nights),
        treated=_pooled([(night.treated.rate, night.treated.units) for night in nights]),
        control=_pooled([(night.control.rate, night.control.units) for night in nights]),
        suspended=sum(bool(night.alarms) for night in nights),
        brier=_mean([night.brier for night in nights]),
        constant_brier=_mean([night.constant_brier for night in nights]),
        proven_by=tuple(_proven_by(proofs, world.units)),
        evidence=tuple(_evidence(nights, world.units)),
        each=tuple(nights),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of these sorted values that at least `share` of them do not exceed."""
    return values[max(0, math.ceil(share * len(values) - 1e-9) - 1)]


def _finite(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _share(count: int, nights: int, *, bound: float | None = None) -> ShareReport:
    low, high = wilson_interval(count, nights)
    return ShareReport(nights=count, share=pass_rate(count, nights), low=low, high=high, bound=bound)


def _proof(nights: Sequence[NightFigures], proven: Callable[[NightFigures], bool], *, meaning: Meaning) -> ProofReport:
    bound = FALSE_PROOFS if meaning == "false proofs" else None
    return ProofReport(meaning=meaning, proven=_share(sum(map(proven, nights)), len(nights), bound=bound))


def _badges(nights: Sequence[NightFigures], verdict: str) -> BadgeReport:
    given: list[list[Badge]] = [[each for each in night.badges if each.verdict == verdict] for night in nights]
    right = sum(each.right for badges in given for each in badges)
    wrong = [sum(not each.right for each in badges) for badges in given]
    return BadgeReport(
        right=round(right / len(nights), DIGITS),
        wrong=round(fmean(wrong), DIGITS),
        nights_with_wrong=_share(sum(count > 0 for count in wrong), len(nights), bound=FALSE_BADGES),
    )


def _regret(nights: Sequence[NightFigures]) -> RegretReport | None:
    regret = _mean([night.regret for night in nights])
    uniform = _mean([night.uniform_regret for night in nights])
    if regret is None or uniform is None:
        return None
    return RegretReport(regret=regret, uniform=uniform, share=round(regret / uniform, DIGITS) if uniform > 0 else None)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), DIGITS) if known else None


def _pooled(rates: Sequence[tuple[float | None, int]]) -> float | None:
    units = sum(count for _, count in rates)
    return round(sum(rate * count for rate, count in rates if rate is not None) / units, DIGITS) if units else None


def _proven_by(proofs: Sequence[float], units: int) -> Iterator[tuple[int, float]]:
    step = -(-units // MOST_POINTS)
    for unit in range(step, units + step, step):
        yield unit, round(sum(at <= unit for at in proofs) / len(proofs), DIGITS)


def _evidence(nights: Sequence[NightFigures], units: int) -> Iterator[EvidenceAt]:
    for unit in sorted({max(1, units * moment // MOMENTS) for moment in range(1, MOMENTS + 1)}):
        values = sorted(_evidence_by(night, unit) for night in nights)
        yield EvidenceAt(unit=unit, quantiles=tuple(quantile(values, share) for share in QUANTILES))


def _evidence_by(night: NightFigures, unit: int) -> float:
    """The last that is known up to this attempt."""
    return next((value for at, value in reversed(night.history) if at <= unit), 0.0)
