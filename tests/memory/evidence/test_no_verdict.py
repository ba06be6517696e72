"""An attempt without a verdict is one that did not pass, in either arm; and what that means for proofs."""

import itertools

import numpy as np
import pytest

from memory.assignment import Assignment, Nominee
from memory.attempts import Outcome
from memory.evidence.ledger import Ledger
from memory.evidence.report import evidence_report
from memory.tasks import Task
from tests.memory.builders import MEMORY_ID, a_result, a_spec, a_task

TASK, RULE = a_task(), "rule-0123456789ab"
HOLDOUT = 0.2
NIGHTS, UNITS = 240, 150


def coins(*, control: bool, dropped: bool = False) -> Assignment:
    nominee = Nominee(
        kind="rule", id=RULE, drop_probability=0.25, lot=1, dropped=dropped, trial=1, baseline=None if control else 0.0
    )
    return Assignment(holdout_probability=HOLDOUT, lot=1, control=control, nominees=(nominee,))


def note(
    ledger: Ledger,
    number: int,
    outcome: Outcome,
    *,
    control: bool = False,
    task: Task = TASK,
) -> None:
    ledger.note_decided(a_spec(number), task, coins(control=control), ledger.predict(task))
    ledger.note_finished(a_result(number, outcome), ())


@pytest.mark.parametrize("arm", ["treated", "control"])
def test_it_did_not_pass_nor_score_and_repeated_a_mistake_for_all_that_is_known(arm: str) -> None:
    control = arm == "control"
    ledger = Ledger()
    note(ledger, 1, "no_verdict", control=control)
    assert {name: claim.arms[not control].outcomes for name, claim in ledger.claims.items()} == {
        "passed": 0, "passed_first": 0, "no_repeat": 0, "score": 0,
    }  # fmt: skip
    assert [arm.units for arm in ledger.primary.arms] == [int(control), int(not control)]
    assert ledger.missing_check.missing == 0


def test_it_counts_for_evidence_exactly_as_a_failure_does() -> None:
    unjudged, failed = Ledger(), Ledger()
    for number in range(1, 41):
        note(failed, number, "passed" if number % 3 else "failed", control=number % 4 == 0)
        note(unjudged, number, "passed" if number % 3 else "no_verdict", control=number % 4 == 0)
    for name in ("passed", "passed_first", "score"):
        ours, theirs = unjudged.claims[name], failed.claims[name]
        assert ours.wealth.log_helps == theirs.wealth.log_helps
        assert ours.effect.interval() == theirs.effect.interval()
    key = f"{RULE}@1"
    assert unjudged.certificates.counts(key) == failed.certificates.counts(key)
    assert unjudged.certificates.log_helps(key) == failed.certificates.log_helps(key)


def test_its_share_is_told_for_each_arm() -> None:
    ledger = Ledger()
    came: list[tuple[Outcome, bool]] = [
        ("no_verdict", True),
        ("passed", True),
        ("passed", False),
        ("failed", False),
        ("no_verdict", False),
    ]
    for number, (outcome, control) in enumerate(came, 1):
        note(ledger, number, outcome, control=control)
    control_arm, treated_arm = evidence_report(ledger).no_verdict
    assert (control_arm.units, control_arm.rate) == (2, 0.5)
    assert (treated_arm.units, treated_arm.rate) == (3, 0.333333)


def test_at_worst_a_control_without_a_verdict_had_passed_and_a_treated_one_had_not() -> None:
    ledger, passed = Ledger(), Ledger()
    for number in range(1, 41):
        control = number % 4 == 0
        note(ledger, number, "no_verdict" if control else "passed", control=control)
        note(passed, number, "passed", control=control)
    assert ledger.primary.wealth.proven
    assert not ledger.primary.worst.proven
    assert ledger.primary.worst.log_helps < passed.primary.wealth.log_helps + 1e-9


@pytest.mark.parametrize("first", [1, 2])
def test_a_task_that_may_show_all_its_checks_is_no_evidence_whatever_its_coins_and_outcomes_are(first: int) -> None:
    """From the second judge on: what counted before stays counted."""
    ledger = Ledger()
    ledger.judged_by(first)
    open_task = a_task(show_checks=True)
    outcomes: tuple[Outcome, ...] = ("passed", "failed", "no_verdict")
    for number, (outcome, control) in enumerate(itertools.product(outcomes, (True, False)), 1):
        note(ledger, number, outcome, control=control, task=open_task)
    counted = 6 if first == 1 else 0
    assert ledger.mark().units == counted
    assert sum(ledger.certificates.counts(f"{RULE}@1")) == counted / 2
    assert ledger.without_learning.answer() is None
    assert ledger.waiting == []


def test_it_is_no_repeat_of_a_mistake_where_mistakes_are_counted() -> None:
    ledger = Ledger()
    note(ledger, 1, "no_verdict")
    report = evidence_report(ledger)
    assert [arm.rate for arm in (*report.any_mistake, *report.novel_mistake)] == [None, 0.0, None, 0.0]


def nights(*, unjudged: tuple[float, float], seed: int) -> tuple[float, float]:
    """Shares of nights that prove help, and that prove it at worst, where nothing helps.

    Half of all attempts pass in either arm; of those passes a share gets no verdict, of controls and of treated units.
    """
    rng, proven, at_worst = np.random.default_rng(seed), 0, 0
    for _ in range(NIGHTS):
        ledger = Ledger()
        for number in range(1, UNITS + 1):
            control, passes = bool(rng.random() < HOLDOUT), bool(rng.random() < 0.5)
            lost = passes and rng.random() < unjudged[not control]
            note(ledger, number, "no_verdict" if lost else "passed" if passes else "failed", control=control)
        proven += ledger.primary.wealth.proven
        at_worst += ledger.primary.worst.proven
    return proven / NIGHTS, at_worst / NIGHTS


@pytest.mark.parametrize("unjudged", [(0.4, 0.4), (0.0, 0.4)], ids=["in either arm", "of the treated alone"])
def test_where_nothing_helps_it_makes_no_more_false_proofs(unjudged: tuple[float, float]) -> None:
    proven, at_worst = nights(unjudged=unjudged, seed=1)
    assert proven <= 0.05
    assert at_worst <= 0.05


def test_where_only_controls_lose_their_verdicts_only_the_worst_case_makes_no_false_proofs() -> None:
    """What is proven then is that more get a verdict that is a pass, which is true; so the worst is told beside it."""
    proven, at_worst = nights(unjudged=(0.6, 0.0), seed=2)
    assert proven > 0.05
    assert at_worst <= 0.05


def test_a_unit_without_a_verdict_waits_for_nobody_and_holds_up_nobody() -> None:
    ledger = Ledger()
    note(ledger, 1, "no_verdict")
    assert ledger.waiting == []
    assert ledger.note_abandoned(f"{MEMORY_ID}-000001") == []
