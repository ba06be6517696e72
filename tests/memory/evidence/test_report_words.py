"""The headline says what moved: passing after repairs alone is never told as if it were all of it."""

import pytest

from memory.evidence.book import ClaimName
from memory.evidence.ledger import Ledger
from memory.evidence.report import evidence_report
from memory.evidence.report_forms import ArmReport, ClaimReport, EffectReport, Standing
from memory.evidence.report_words import words_of
from tests.memory.builders import a_result, a_spec
from tests.memory.evidence.test_no_verdict import TASK, coins


def claim(name: ClaimName, standing: Standing, effect: EffectReport | None = None) -> ClaimReport:
    return ClaimReport(
        name=name, standing=standing, treated=ArmReport(units=400, rate=0.8), control=ArmReport(units=100, rate=0.6),
        log10_e_helps=0.5, log10_e_harms=0, log10_e_tonight=0, log10_e_worst=0, proven_at=412, harm_proven_at=77,
        effect=effect, z_test_p=None, units_to_verdict=None,
    )  # fmt: skip


EFFECT = EffectReport(mean=0.012, low=-0.03, high=0.054)
PASS = "Proven: what was learned makes attempts pass"
AFTER = f"{PASS} after repairs (after 412 of 500 attempts); at the first try "


@pytest.mark.parametrize(
    ("first", "effect", "words"),
    [
        ("not proven yet", EFFECT, f"{AFTER}it is not proven (effect +0.012, 95 % interval -0.030 to +0.054)."),
        ("not proven yet", None, f"{AFTER}it is not proven."),
        ("harm proven", EFFECT, f"{AFTER}harm is proven (effect +0.012, 95 % interval -0.030 to +0.054)."),
        (
            "proven",
            EFFECT,
            f"{PASS} (after 412 of 500 attempts), at the first try too (after 412).",
        ),
    ],
)
def test_a_proof_says_whether_it_holds_at_the_first_try(
    first: Standing, effect: EffectReport | None, words: str
) -> None:
    assert words_of([claim("passed", "proven"), claim("passed_first", first, effect)], alarms="") == words


@pytest.mark.parametrize(
    ("standing", "begins"),
    [
        ("not proven yet", "Not proven yet that learning helps (500 attempts with a coin, evidence 3.2 of 20)."),
        ("harm proven", "Harm proven: with what was learned attempts fail (after 77 of 500 attempts)."),
    ],
)
def test_without_a_proof_passing_after_repairs_decides(standing: Standing, begins: str) -> None:
    assert words_of([claim("passed", standing), claim("passed_first", "proven")], alarms="") == begins
    assert words_of([claim("passed", standing), claim("passed_first", "proven")], alarms="X").startswith(
        "Suspended: X."
    )


@pytest.mark.parametrize(("unjudged", "worst", "said"), [(True, 0.5, True), (True, 1.4, False), (False, 0.5, False)])
def test_a_proof_that_rests_on_controls_without_a_verdict_says_so(*, unjudged: bool, worst: float, said: bool) -> None:
    primary = claim("passed", "proven").model_copy(update={"log10_e_worst": worst})
    told = words_of([primary, claim("passed_first", "proven")], alarms="", unjudged=unjudged)
    tail = " Had each attempt without a verdict been the worst that it could be, the evidence were 3.2 of 20."
    assert told.endswith(tail) == said


def repaired_only() -> Ledger:
    """Nobody passes at the first try; what was learned helps repairs."""
    ledger = Ledger()
    ledger.judged_by(2)
    for number in range(1, 201):
        control = number % 5 == 0
        passed = number % 3 != 0 if control is False else number % 2 == 0
        ledger.note_decided(a_spec(number), TASK, coins(control=control), ledger.predict(TASK))
        result = a_result(number, "passed" if passed else "failed", passed_first=False)
        ledger.note_finished(result, ())
    return ledger


def test_the_effect_of_repairs_is_that_on_passing_less_that_at_the_first_try() -> None:
    report = evidence_report(repaired_only())
    after, first = report.claims[:2]
    assert after.effect is not None
    assert first.effect is not None
    assert report.repair_effect is not None
    assert report.repair_effect.mean == pytest.approx(after.effect.mean - first.effect.mean, abs=2e-6)
    assert [arm.units for arm in report.repaired] == [40, 160]
    assert [arm.rate for arm in report.repaired] == [after.control.rate, after.treated.rate]


def test_who_passes_at_the_first_try_has_nothing_to_repair() -> None:
    ledger = Ledger()
    for number in range(1, 11):
        ledger.note_decided(a_spec(number), TASK, coins(control=number % 2 == 0), ledger.predict(TASK))
        ledger.note_finished(a_result(number), ())
    report = evidence_report(ledger)
    assert [arm.units for arm in report.repaired] == [0, 0]
    assert report.repair_effect is None
