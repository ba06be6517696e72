"""What the evidence says, in figures and in words: advanced/evidence.json."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share
from memory.evidence.bets import BINARY, LOG_PROVEN, log_factors
from memory.evidence.certificates import threshold
from memory.evidence.claims import ArmCount, Claim
from memory.evidence.ledger import ClaimName, Ledger

Standing = Literal["proven", "not proven yet", "harm proven", "suspended"]
Count = Annotated[int, Field(ge=0)]
DIGITS = 6
MOST_ON_TRIAL = 200
CLAIM_WORDS: Mapping[ClaimName, str] = {
    "passed": "passes, after repairs",
    "passed_first": "passes at the first try",
    "no_repeat": "repeats no mistake",
    "score": "score",
}
"""What an attempt does more often, or more of, if learning helps."""
FEWEST_FOR_FORECAST = 20
LARGE = 6.0
"""From this power of ten on a number is shown as one."""
LN10 = math.log(10)


class ArmReport(BaseModel):
    """One arm: its units, and their mean outcome, 6 decimals; None without units."""

    model_config = FROZEN

    units: Count
    rate: float | None


class EffectReport(BaseModel):
    """Average effect so far with its interval, which may be looked at after every unit; 95 %, 6 decimals."""

    model_config = FROZEN

    mean: float
    low: float
    high: float


class ClaimReport(BaseModel):
    """One claim about what is learned.

    Attributes:
        name: what is better with it: units pass, pass at the first try, repeat no mistake, or score more.
        standing: of this claim alone; `suspended` where an alarm was raised.
        treated: units that could see what was learned; the outcome is 0..1, larger is better.
        control: units that could not, by lot.
        log10_e_helps: the evidence for help now, as a power of ten; proven at 1.30, which is 20.
        log10_e_harms: the same for harm.
        log10_e_tonight: for help, from the present run alone: does it still work?
        log10_e_worst: for help, had every missing outcome been the worst for the claim.
        proven_at: after how many units help was proven; 0 if it was not.
        harm_proven_at: the same for harm.
        effect: None before 100 units, 20 of them in either arm.
        z_test_p: what a two-sided z-test of both rates would say; it does not hold for whoever looks more than once.
        units_to_verdict: about how many more units it takes at the present rates; None if it is proven or they do not
            promise it.
    """

    model_config = FROZEN

    name: ClaimName
    standing: Standing
    treated: ArmReport
    control: ArmReport
    log10_e_helps: float
    log10_e_harms: float
    log10_e_tonight: float
    log10_e_worst: float
    proven_at: Count
    harm_proven_at: Count
    effect: EffectReport | None
    z_test_p: Share | None
    units_to_verdict: Count | None


class WithoutReport(BaseModel):
    """How many of all graded attempts would have passed had nothing learned been shown; 95 % for one look, 6 decimals.

    `effective` is the number of attempts without anything learned that the answer is worth.
    """

    model_config = FROZEN

    rate: float
    low: float
    high: float
    effective: float


class TrialReport(BaseModel):
    """One learned thing on trial; `bound` is what its evidence has to reach, by its number."""

    model_config = FROZEN

    id: str
    version: Annotated[int, Field(ge=1)]
    number: Annotated[int, Field(ge=1)]
    shown_passed: Count
    shown_failed: Count
    dropped_passed: Count
    dropped_failed: Count
    log10_e_helps: float
    log10_e_harms: float
    log10_peak_helps: float
    log10_bound: float
    verdict: Literal["certified", "retired"] | None
    supported: bool


class EvidenceReport(BaseModel):
    """All that is known of what learning is worth.

    Attributes:
        standing: of the primary claim, that units pass more often.
        words: the same for a person.
        claims: the primary one first.
        any_mistake: rates of units with a mistake, of controls and of treated units.
        novel_mistake: the same, with one that was never met before.
        missing: units whose outcome will never be known.
        waiting: units that were decided and are not counted yet, because one before them has no outcome.
        waits_for: that one; empty if nothing waits.
        alarms: why claims are suspended; empty if they are not.
        price_of_control: about how many passes the controls have cost, at the present effect; None before there is one.
        without_learning: None below 50 effective attempts.
        history: (unit, evidence for help as a power of ten) of the primary claim, at most some 256 points.
        on_trial: those with the most evidence first, at most 200.
        trials: how many there ever were.
    """

    schema_version: Literal[1] = 1
    standing: Standing
    words: str
    claims: tuple[ClaimReport, ...]
    any_mistake: tuple[ArmReport, ArmReport]
    novel_mistake: tuple[ArmReport, ArmReport]
    missing: Count
    waiting: Count = 0
    waits_for: str = ""
    alarms: str
    price_of_control: float | None
    without_learning: WithoutReport | None = None
    history: tuple[tuple[int, float], ...]
    on_trial: tuple[TrialReport, ...]
    trials: Count


def evidence_report(ledger: Ledger) -> EvidenceReport:
    """The report of everything that was folded."""
    claims = tuple(_claim(name, claim, alarms=ledger.suspended) for name, claim in ledger.claims.items())
    primary = claims[0]
    return EvidenceReport(
        standing=primary.standing,
        words=words_of(primary, alarms=ledger.suspended),
        claims=claims,
        any_mistake=_arms(ledger.any_mistake),
        novel_mistake=_arms(ledger.novel_mistake),
        missing=ledger.missing_check.missing,
        waiting=len(ledger.waiting),
        waits_for=next(iter(ledger.waiting), ""),
        alarms=ledger.suspended,
        price_of_control=_price(ledger.primary),
        without_learning=_without(ledger),
        history=tuple((unit, _tens(value)) for unit, value in ledger.primary.wealth.history),
        on_trial=_on_trial(ledger),
        trials=len(ledger.certificates),
    )


def words_of(primary: ClaimReport, *, alarms: str) -> str:
    """The verdict in a sentence or two."""
    units = primary.treated.units + primary.control.units
    if alarms:
        return f"Suspended: {alarms}. No claim is made until it is known why."
    if primary.standing == "harm proven":
        return f"Harm proven: with what was learned attempts fail (after {primary.harm_proven_at} of {units} attempts)."
    if primary.standing == "proven":
        return f"Proven: what was learned makes attempts pass (after {primary.proven_at} of {units} attempts)."
    tail = ""
    if primary.units_to_verdict is not None:
        tail = f"; at the present rates it would take about {primary.units_to_verdict} more"
    evidence = number_of(primary.log10_e_helps)
    return f"Not proven yet that learning helps ({units} attempts with a coin, evidence {evidence} of 20{tail})."


def number_of(log10: float) -> str:
    """What a power of ten stands for, to two digits."""
    return f"{10**log10:.2g}" if log10 < LARGE else f"10^{log10:.0f}"


def _claim(name: ClaimName, claim: Claim, *, alarms: str) -> ClaimReport:
    wealth, (control, treated) = claim.wealth, claim.arms
    interval = claim.effect.interval()
    return ClaimReport(
        name=name,
        standing=_standing(claim, alarms=alarms),
        treated=_arm(treated),
        control=_arm(control),
        log10_e_helps=_tens(wealth.log_helps),
        log10_e_harms=_tens(wealth.log_harms),
        log10_e_tonight=_tens(claim.tonight.log_helps),
        log10_e_worst=_tens(claim.worst.log_helps),
        proven_at=wealth.proven_at,
        harm_proven_at=wealth.harm_proven_at,
        effect=None
        if interval is None
        else EffectReport(
            mean=round(interval.mean, DIGITS), low=round(interval.low, DIGITS), high=round(interval.high, DIGITS)
        ),
        z_test_p=None if name == "score" else z_test(treated, control),
        units_to_verdict=None if name == "score" or wealth.proven else units_to_verdict(claim),
    )


def _standing(claim: Claim, *, alarms: str) -> Standing:
    if alarms:
        return "suspended"
    if claim.wealth.harm_proven and claim.wealth.harm_proven_at >= claim.wealth.proven_at:
        return "harm proven"
    return "proven" if claim.wealth.proven else "not proven yet"


def z_test(treated: ArmCount, control: ArmCount) -> float | None:
    """The two-sided p-value of the pooled z-test of two shares, 6 significant digits; None where it has none."""
    if not treated.units or not control.units:
        return None
    pooled = (treated.outcomes + control.outcomes) / (treated.units + control.units)
    variance = pooled * (1 - pooled) * (1 / treated.units + 1 / control.units)
    if variance <= 0:
        return None
    z = (treated.outcomes / treated.units - control.outcomes / control.units) / math.sqrt(variance)
    return float(f"{math.erfc(abs(z) / math.sqrt(2)):.6g}")


def units_to_verdict(claim: Claim) -> int | None:
    """About how many more units prove help, if both rates and the share of controls stay what they are.

    (ln 20 - ln E) / g, g the expected growth of ln E by a unit under the best lambda; None while there are fewer than
    20 units, an arm is empty, or controls are as good.
    """
    (control, treated), units = claim.arms, claim.units
    if units < FEWEST_FOR_FORECAST or control.rate is None or treated.rate is None or treated.rate <= control.rate:
        return None
    share = treated.units / units
    growth = max(
        _growth(lam, share=share, treated=treated.rate, control=control.rate)
        for lam in BINARY.lambdas[BINARY.helps].tolist()
    )
    return math.ceil(max(0.0, LOG_PROVEN - claim.wealth.log_helps) / growth) if growth > 0 else None


def _growth(lam: float, *, share: float, treated: float, control: float) -> float:
    """The mean of a bet's ln factor, with predictions that know the mean of both arms; `share` of units are treated."""
    mean, growth = share * treated + (1 - share) * control, 0.0
    for arm, chance, rate in ((1, share, treated), (0, 1 - share, control)):
        for outcome, odds in ((1, rate), (0, 1 - rate)):
            growth += chance * odds * float(log_factors(arm, share, lam * (outcome - mean)))
    return growth


def _price(claim: Claim) -> float | None:
    control, treated = claim.arms
    if control.rate is None or treated.rate is None:
        return None
    return round(max(0.0, treated.rate - control.rate) * control.units, 1)


def _without(ledger: Ledger) -> WithoutReport | None:
    answer = ledger.without_learning.answer()
    if answer is None:
        return None
    rate, low, high = (round(each, DIGITS) for each in (answer.mean, answer.low, answer.high))
    return WithoutReport(rate=rate, low=low, high=high, effective=round(answer.effective, 1))


def _on_trial(ledger: Ledger) -> tuple[TrialReport, ...]:
    book, supported = ledger.certificates, ledger.certificates.supported()
    best = sorted(book, key=lambda key: (-book.peaks(key)[0], book.order(key)))[:MOST_ON_TRIAL]
    return tuple(_trial(ledger, key, supported=key in supported) for key in best)


def _trial(ledger: Ledger, key: str, *, supported: bool) -> TrialReport:
    book = ledger.certificates
    name, _, version = key.rpartition("@")
    shown_passed, shown_failed, dropped_passed, dropped_failed = book.counts(key)
    return TrialReport(
        id=name,
        version=int(version),
        number=book.order(key),
        shown_passed=shown_passed,
        shown_failed=shown_failed,
        dropped_passed=dropped_passed,
        dropped_failed=dropped_failed,
        log10_e_helps=_tens(book.log_helps(key)),
        log10_e_harms=_tens(book.log_harms(key)),
        log10_peak_helps=_tens(book.peaks(key)[0]),
        log10_bound=_tens(float(threshold(book.order(key)))),
        verdict=book.verdict(key),
        supported=supported,
    )


def _arms(counts: tuple[ArmCount, ArmCount]) -> tuple[ArmReport, ArmReport]:
    return _arm(counts[0]), _arm(counts[1])


def _arm(count: ArmCount) -> ArmReport:
    return ArmReport(units=count.units, rate=None if count.rate is None else round(count.rate, DIGITS))


def _tens(log_e: float) -> float:
    return round(log_e / LN10, DIGITS) + 0.0
