"""The book of evidence: folded in the order of decision, whoever finishes first."""

import pytest

from memory.assignment import Assignment, Nominee
from memory.evidence.ledger import Ledger
from memory.tasks import Task
from tests.memory.builders import MEMORY_ID, a_result, a_spec, a_task

TASK = a_task()


def unit(number: int) -> str:
    return f"{MEMORY_ID}-{number:06d}"


def coins(*, control: bool = False, dropped: bool = False, trial: int = 1, baseline: float | None = 0.0) -> Assignment:
    nominee = Nominee(
        kind="rule", id="rule-0123456789ab", drop_probability=0.25, lot=1, dropped=dropped, trial=trial,
        baseline=None if control else baseline,
    )  # fmt: skip
    return Assignment(holdout_probability=0.2, lot=1, control=control, nominees=(nominee,))


def decide(ledger: Ledger, number: int, assignment: Assignment | None = None, task: Task = TASK) -> None:
    predictions = ledger.predict(task) if assignment is not None else None
    ledger.note_decided(a_spec(number), task, assignment, predictions)


def finish(ledger: Ledger, number: int, *, passed: bool = True, mistakes: tuple[str, ...] = ()) -> list[str]:
    return ledger.note_finished(a_result(number, "passed" if passed else "failed"), mistakes)


def test_evidence_advances_in_the_order_of_decision_up_to_the_first_that_is_not_finished() -> None:
    orders = ([1, 2, 3, 4], [4, 3, 2, 1], [2, 4, 1, 3])
    found = []
    for order in orders:
        ledger = Ledger()
        for number in range(1, 5):
            decide(ledger, number, coins(control=number == 2))
        for number in order:
            finish(ledger, number, passed=number != 2)
        found.append((ledger.mark(), ledger.certificates.log_helps("rule-0123456789ab@1")))
    assert found[0] == found[1] == found[2]
    ledger = Ledger()
    for number in range(1, 4):
        decide(ledger, number, coins())
    finish(ledger, 2)
    finish(ledger, 3)
    assert ledger.mark().units == 0
    finish(ledger, 1)
    assert ledger.mark().units == 3


def test_an_abandoned_unit_lets_the_others_pass_and_is_counted_as_the_worst() -> None:
    ledger = Ledger()
    for number in range(1, 13):
        decide(ledger, number, coins(control=number % 3 == 0))
    for number in range(2, 13):
        finish(ledger, number, passed=number % 3 != 0)
    assert ledger.mark().units == 0
    ledger.note_abandoned(unit(1))
    primary = ledger.primary
    assert (ledger.mark().units, ledger.missing_check.missing) == (11, 1)
    assert primary.worst.log_helps < primary.wealth.log_helps


def test_controls_say_nothing_of_a_rule_and_a_rule_that_is_not_on_trial_has_no_evidence() -> None:
    ledger = Ledger()
    decide(ledger, 1, coins(control=True))
    finish(ledger, 1)
    assert ledger.certificates.counts("rule-0123456789ab@1") == (0, 0, 0, 0)
    decide(ledger, 2, coins())
    finish(ledger, 2)
    assert ledger.certificates.counts("rule-0123456789ab@1") == (1, 0, 0, 0)
    other = Ledger()
    decide(other, 1, coins(trial=0, baseline=None))
    finish(other, 1)
    assert len(other.certificates) == 0


@pytest.mark.parametrize("kept_from", ["no assignment", "no coin", "an ungraded task"])
def test_units_without_a_coin_or_a_verdict_are_no_evidence(kept_from: str) -> None:
    ledger = Ledger()
    sure = coins().model_copy(update={"holdout_probability": 0.0})
    match kept_from:
        case "no assignment":
            decide(ledger, 1)
        case "no coin":
            decide(ledger, 1, sure)
        case _:
            decide(ledger, 1, coins(), a_task(checks=()))
    finish(ledger, 1)
    assert ledger.mark().units == 0


def test_a_repeat_is_a_mistake_that_either_arm_has_met() -> None:
    ledger = Ledger()
    for number, held_out in ((1, True), (2, False), (3, False)):
        decide(ledger, number, coins(control=held_out))
    finish(ledger, 1, passed=False, mistakes=("1:off by one",))
    finish(ledger, 2, passed=False, mistakes=("1:off by one",))
    finish(ledger, 3, passed=False, mistakes=("1:None",))
    control, treated = ledger.claims["no_repeat"].arms
    assert (control.units, control.outcomes, treated.units, treated.outcomes) == (1, 1.0, 2, 1.0)
    assert [arm.outcomes for arm in ledger.any_mistake] == [1.0, 2.0]
    assert [arm.outcomes for arm in ledger.novel_mistake] == [1.0, 1.0]


def test_what_would_have_come_without_learning_is_refused_until_enough_is_known() -> None:
    ledger = Ledger()
    for number in range(1, 401):
        control = number % 4 == 0
        decide(ledger, number, coins(control=control))
        finish(ledger, number, passed=not control or number % 8 == 0)
        if number == 100:
            assert ledger.without_learning.answer() is None
    answer = ledger.without_learning.answer()
    assert answer is not None
    assert answer.low < 0.5 < answer.high
    assert answer.effective == pytest.approx(100)


def test_a_new_night_begins_evidence_of_its_own_and_the_old_goes_on() -> None:
    ledger = Ledger()
    for number in range(1, 21):
        decide(ledger, number, coins(control=number % 4 == 0))
        finish(ledger, number, passed=number % 4 != 0)
    before = ledger.primary.wealth.log_helps
    ledger.begin_night("rehearsal")
    assert ledger.primary.tonight.units == 0
    assert ledger.primary.wealth.log_helps == before > ledger.primary.tonight.log_helps


def test_units_of_a_model_that_is_gone_are_missing_and_hold_up_nobody() -> None:
    ledger = Ledger()
    for number in range(1, 4):
        decide(ledger, number, coins())
    finish(ledger, 2)
    assert ledger.waiting == [unit(1), unit(2), unit(3)]
    ledger.begin_night("rehearsal")
    assert ledger.waiting == [unit(1), unit(2), unit(3)]
    ledger.begin_night("another model")
    assert (ledger.waiting, ledger.mark().units, ledger.missing_check.missing) == ([], 1, 2)
    assert finish(ledger, 1) == []
    assert ledger.mark().units == 1


def test_what_is_predicted_rests_on_what_was_folded_only() -> None:
    ledger = Ledger()
    before = ledger.predict(TASK)
    decide(ledger, 1, coins())
    decide(ledger, 2, coins())
    finish(ledger, 2)
    assert ledger.predict(TASK) == before
    finish(ledger, 1)
    assert ledger.predict(TASK).passed.mean > before.passed.mean
