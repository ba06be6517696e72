"""A book of evidence for each judge: what one proved stays, and proves nothing before the next one."""

from collections.abc import Iterable

from memory.evidence.ledger import Ledger
from memory.evidence.report import evidence_report
from memory.evidence.report_words import judge_lines
from tests.memory.builders import a_result, a_spec, a_task, a_toss
from tests.memory.evidence.test_no_verdict import RULE, TASK, coins, note

KEY = f"{RULE}@1"
SHOWN = "rests on checks that the model was shown"


def learn(ledger: Ledger, numbers: Iterable[int]) -> list[str]:
    """Controls fail, and so does what the rule was left out of; the keys of what gets certified."""
    crossed: list[str] = []
    for number in numbers:
        control, dropped = number % 5 == 0, number % 5 == 1
        ledger.note_decided(a_spec(number), TASK, coins(control=control, dropped=dropped), ledger.predict(TASK))
        crossed += ledger.note_finished(a_result(number, "failed" if control or dropped else "passed"), ())
    return crossed


def test_what_an_earlier_judge_proved_and_certified_proves_nothing_before_the_next() -> None:
    ledger = Ledger()
    assert learn(ledger, range(1, 101)) == [KEY]
    before = ledger.mark()
    assert ledger.primary.wealth.proven
    assert ledger.judged_by(2) == [KEY]
    assert (ledger.mark().units, ledger.primary.wealth.proven) == (0, False)
    assert ledger.certificates.verdict(KEY) is None
    assert [book.mark() for book in ledger.past] == [before]
    report = evidence_report(ledger)
    (earlier,) = report.earlier
    assert (earlier.judge, earlier.units, earlier.standing, earlier.certified) == (1, 100, "proven", (KEY,))
    (line,) = judge_lines(report)
    assert line.startswith("Before, by the old judge: Proven: what was learned makes attempts pass (after ")
    assert f"Certified: {KEY}." in line
    assert SHOWN in line


def test_proofs_of_the_next_judge_are_what_they_are_in_a_memory_without_a_past() -> None:
    old, new = Ledger(), Ledger()
    learn(old, range(1, 101))
    for ledger in (old, new):
        ledger.judged_by(2)
        learn(ledger, range(101, 181))
    assert old.mark() == new.mark()
    assert old.certificates.log_helps(KEY) == new.certificates.log_helps(KEY)
    assert list(judge_lines(evidence_report(new))) == []


def test_a_memory_of_the_old_judge_keeps_its_figures_and_says_what_they_rest_on() -> None:
    ledger = Ledger()
    learn(ledger, range(1, 101))
    report = evidence_report(ledger)
    assert (report.standing, report.on_trial[0].verdict) == ("proven", "certified")
    (line,) = judge_lines(report)
    assert line == f"All of it was said by the old judge: what is proven or certified {SHOWN}."


def test_where_nothing_was_judged_nothing_is_said_of_judges() -> None:
    ledger = Ledger()
    assert list(judge_lines(evidence_report(ledger))) == []
    assert ledger.judged_by(2) == []
    assert (ledger.past, list(judge_lines(evidence_report(ledger)))) == ([], [])


def test_a_unit_belongs_to_the_judge_under_whom_it_was_decided_whenever_it_ends() -> None:
    ledger = Ledger()
    learn(ledger, range(1, 11))
    ledger.note_decided(a_spec(11), TASK, coins(control=False), ledger.predict(TASK))
    ledger.judged_by(2)
    note(ledger, 12, "passed")
    assert ledger.mark().units == 0
    ledger.note_finished(a_result(11), ())
    assert (ledger.past[0].mark().units, ledger.mark().units) == (11, 1)


def test_the_coins_of_an_open_trial_of_a_way_of_working_begin_anew_with_the_judge() -> None:
    ledger = Ledger()
    ledger.revisions.open(1)
    for number in (1, 2):
        ledger.note_decided(a_spec(number), a_task(), None, None, a_toss(1))
    ledger.note_finished(a_result(1), ())
    assert ledger.revisions.of(1).claim.units == 1
    ledger.judged_by(2)
    ledger.note_finished(a_result(2), ())
    assert ledger.revisions.of(1).claim.units == 0
    ledger.note_decided(a_spec(3), a_task(), None, None, a_toss(1))
    ledger.note_finished(a_result(3), ())
    assert ledger.revisions.of(1).claim.units == 1
