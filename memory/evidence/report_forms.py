"""What the evidence says, in figures: the form of advanced/evidence.json."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share
from memory.evidence.book import ClaimName

Standing = Literal["proven", "not proven yet", "harm proven", "suspended"]
Count = Annotated[int, Field(ge=0)]


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


class EarlierReport(BaseModel):
    """What the verdicts of an earlier judge came to: it stays as it was, and proves nothing before the present one.

    `certified` and `retired` are keys of learned things, an id with its version.
    """

    model_config = FROZEN

    judge: Annotated[int, Field(ge=1)]
    units: Count
    standing: Standing
    words: str
    certified: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()


NO_UNIT = ArmReport(units=0, rate=None)


class EvidenceReport(BaseModel):
    """All that is known of what learning is worth.

    Attributes:
        standing: of the primary claim, that units pass more often.
        words: the same for a person.
        claims: the primary one first.
        any_mistake: rates of units with a mistake, of controls and of treated units.
        novel_mistake: the same, with one that was never met before.
        no_verdict: shares of units on which there is no verdict, of controls and of treated units; they did not pass.
        repair_effect: on passing only after a repair, that is on passing less that on passing at the first try.
        repaired: of units that did not pass at the first try the share that passed in the end, of controls and of
            treated units; which units those are no coin decided.
        missing: units whose outcome will never be known.
        waiting: units that were decided and are not counted yet, because one before them has no outcome.
        waits_for: that one; empty if nothing waits.
        alarms: why claims are suspended; empty if they are not.
        price_of_control: about how many passes the controls have cost, at the present effect; None before there is one.
        without_learning: None below 50 effective attempts.
        history: (unit, evidence for help as a power of ten) of the primary claim, at most some 256 points.
        on_trial: those with the most evidence first, at most 200.
        trials: how many there ever were.
        judge: whose verdicts all of this rests on, see memory.attempts.JUDGE.
        earlier: what verdicts of earlier judges came to.
    """

    schema_version: Literal[1] = 1
    standing: Standing
    words: str
    claims: tuple[ClaimReport, ...]
    any_mistake: tuple[ArmReport, ArmReport]
    novel_mistake: tuple[ArmReport, ArmReport]
    no_verdict: tuple[ArmReport, ArmReport] = (NO_UNIT, NO_UNIT)
    repair_effect: EffectReport | None = None
    repaired: tuple[ArmReport, ArmReport] = (NO_UNIT, NO_UNIT)
    missing: Count
    waiting: Count = 0
    waits_for: str = ""
    alarms: str
    price_of_control: float | None
    without_learning: WithoutReport | None = None
    history: tuple[tuple[int, float], ...]
    on_trial: tuple[TrialReport, ...]
    trials: Count
    judge: Annotated[int, Field(ge=1)] = 1
    earlier: tuple[EarlierReport, ...] = ()
