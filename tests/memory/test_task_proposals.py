from typing import Any

from memory.attempts import Outcome
from memory.events import RunResumed, TaskAdded
from memory.task_proposals import DIGESTS_KEPT, LATEST_KEPT, ProposalRecord, TaskProposed
from tests.memory.builders import a_task, run_started
from tests.memory.test_state import Told


def proposed(number: int, **fields: Any) -> TaskProposed:
    values: dict[str, Any] = {
        "skill": "lists",
        "digest": f"{number:064x}",
        "prompt_tokens": 300,
        "completion_tokens": 50,
    }
    return TaskProposed(number=number, **{**values, **fields})


def test_proposals_are_counted_by_what_came_of_them() -> None:
    told = Told(run_started())
    told.unit(1)
    told.tell(proposed(1), proposed(2, flaw="trivial"), proposed(3, flaw="trivial"), proposed(4, flaw="duplicate"))
    record = told.state.proposals
    assert (record.asked, record.trusted, dict(record.refused)) == (4, 1, {"trivial": 2, "duplicate": 1})
    assert (record.by_skill["lists"], record.units_at_last, record.tokens) == (4, 1, 1400)


def test_their_tokens_count_against_the_budget_of_the_run_and_nothing_else_does() -> None:
    told = Told(run_started())
    before = told.state.run_totals.tokens, told.state.totals.units
    told.tell(proposed(1, flaw="weak checks"))
    assert (told.state.run_totals.tokens, told.state.totals.units) == (before[0] + 350, before[1])
    assert told.state.totals.tokens == told.state.run_totals.tokens


def test_what_is_remembered_of_them_is_bounded_and_the_latest_stay() -> None:
    record = ProposalRecord()
    for number in range(1, DIGESTS_KEPT + 12):
        record.note(proposed(number), units=number)
    assert len(record.digests) == DIGESTS_KEPT
    assert list(record.digests)[-1] == f"{DIGESTS_KEPT + 11:064x}"
    assert f"{11:064x}" not in record.digests
    assert [each.number for each in record.latest] == list(range(DIGESTS_KEPT + 12 - LATEST_KEPT, DIGESTS_KEPT + 12))


def test_a_generated_task_belongs_to_the_run_in_which_it_was_made() -> None:
    own = TaskAdded(task=a_task("generated-1", origin="generated"), by="trainer")
    told = Told(run_started(), own)
    assert list(told.state.run_generated) == ["generated-1"]
    assert list(told.tell(RunResumed(run=1)).run_generated) == ["generated-1"]
    assert list(told.tell(run_started(2)).run_generated) == []


def test_a_generated_task_is_no_wish_of_a_person() -> None:
    outcome: Outcome = "failed"
    told = Told(run_started(), TaskAdded(task=a_task("generated-1", origin="generated"), by="trainer"))
    told.unit(1, outcome)
    assert told.state.wishes == {}
