"""What the evidence says, in figures and in words: advanced/evidence.json."""

import math

from memory.evidence.bets import BINARY, LOG_PROVEN, log_factors
from memory.evidence.book import Book, ClaimName
from memory.evidence.certificates import Certificates, threshold
from memory.evidence.claims import ArmCount, Claim
from memory.evidence.effect import Effect
from memory.evidence.ledger import Ledger
from memory.evidence.report_forms import (
    ArmReport,
    ClaimReport,
    EarlierReport,
    EffectReport,
    EvidenceReport,
    Standing,
    TrialReport,
    WithoutReport,
)
from memory.evidence.report_words import words_of

DIGITS = 6
MOST_ON_TRIAL = 200
FEWEST_FOR_FORECAST = 20
LN10 = math.log(10)


def evidence_report(ledger: Ledger) -> EvidenceReport:
    """The report of everything that was folded."""
    book = ledger.book
    claims = _claims(book)
    return EvidenceReport(
        standing=claims[0].standing,
        words=_words(book, claims),
        claims=claims,
        any_mistake=_arms(book.any_mistake),
        novel_mistake=_arms(book.novel_mistake),
        no_verdict=_arms(book.no_verdict),
        repair_effect=_effect(book.repair),
        repaired=_arms(book.repaired),
        missing=book.missing_check.missing,
        waiting=len(ledger.waiting),
        waits_for=next(iter(ledger.waiting), ""),
        alarms=book.suspended,
        price_of_control=_price(book.primary),
        without_learning=_without(book),
        history=tuple((unit, _tens(value)) for unit, value in book.primary.wealth.history),
        on_trial=_on_trial(book),
        trials=len(book.certificates),
        judge=book.judge,
        earlier=tuple(_earlier(each) for each in ledger.past),
    )


def _claims(book: Book) -> tuple[ClaimReport, ...]:
    return tuple(_claim(name, claim, alarms=book.suspended) for name, claim in book.claims.items())


def _words(book: Book, claims: tuple[ClaimReport, ...]) -> str:
    return words_of(claims, alarms=book.suspended, unjudged=any(arm.outcomes for arm in book.no_verdict))


def _earlier(book: Book) -> EarlierReport:
    claims, proven = _claims(book), book.verdicts()
    return EarlierReport(
        judge=book.judge,
        units=book.primary.units,
        standing=claims[0].standing,
        words=_words(book, claims),
        certified=tuple(key for key in proven if book.certificates.verdict(key) == "certified"),
        retired=tuple(key for key in proven if book.certificates.verdict(key) == "retired"),
    )


def _claim(name: ClaimName, claim: Claim, *, alarms: str) -> ClaimReport:
    wealth, (control, treated) = claim.wealth, claim.arms
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
        effect=_effect(claim.effect),
        z_test_p=None if name == "score" else z_test(treated, control),
        units_to_verdict=None if name == "score" or wealth.proven else units_to_verdict(claim),
    )


def _effect(effect: Effect) -> EffectReport | None:
    interval = effect.interval()
    if interval is None:
        return None
    return EffectReport(
        mean=round(interval.mean, DIGITS), low=round(interval.low, DIGITS), high=round(interval.high, DIGITS)
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


def _without(book: Book) -> WithoutReport | None:
    answer = book.without_learning.answer()
    if answer is None:
        return None
    rate, low, high = (round(each, DIGITS) for each in (answer.mean, answer.low, answer.high))
    return WithoutReport(rate=rate, low=low, high=high, effective=round(answer.effective, 1))


def _on_trial(book: Book) -> tuple[TrialReport, ...]:
    trials, supported = book.certificates, book.certificates.supported()
    best = sorted(trials, key=lambda key: (-trials.peaks(key)[0], trials.order(key)))[:MOST_ON_TRIAL]
    return tuple(_trial(trials, key, supported=key in supported) for key in best)


def _trial(book: Certificates, key: str, *, supported: bool) -> TrialReport:
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
