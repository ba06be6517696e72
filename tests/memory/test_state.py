from dataclasses import replace
from typing import Any

import pytest

from memory.analysis import Analysis
from memory.attempts import Outcome, Score
from memory.belogs import EncounteredError
from memory.events import Analysed, Event, Faulted, Finished, Happening, Parked, RunEnded, RunResumed
from memory.records import Cost, InFlight, Totals
from memory.state import ERRORS_KEPT, OTHER_ERRORS, MemoryState
from tests.memory.builders import a_spec, a_task, a_turn, added, an_analysis, created, decided, finished, run_started
from utils.errors import MemoryDamaged


class Told:
    """A state, and the events that it was told."""

    def __init__(self, *happenings: Happening) -> None:
        self.state, self._seq = MemoryState(), 0
        self.tell(created(), added(), *happenings)

    def tell(self, *happenings: Happening) -> MemoryState:
        for happening in happenings:
            self._seq += 1
            self.state.apply(Event(seq=self._seq, at=f"2026-01-01T00:00:{self._seq % 60:02d}.000Z", data=happening))
        return self.state

    def unit(self, number: int, outcome: Outcome = "passed", **fields: Any) -> MemoryState:
        self.tell(decided(number))
        return self.tell(finished(self.state, number, outcome, **fields))


def test_a_state_names_the_memory_and_its_span() -> None:
    state = Told(run_started()).state
    assert (state.memory_id, state.runs, state.last_seq) == ("abcdef12", 1, 3)
    assert (state.first_at, state.last_at) == ("2026-01-01T00:00:01.000Z", "2026-01-01T00:00:03.000Z")


def test_a_decided_unit_is_in_flight_with_its_spec_until_it_has_finished() -> None:
    told = Told(decided(1))
    assert told.state.in_flight == {"abcdef12-000001": InFlight(a_spec(1), a_task(), slot="drill")}
    assert told.tell(finished(told.state, 1)).in_flight == {}


def test_a_parked_unit_stays_in_flight_across_runs() -> None:
    state = Told(run_started(), decided(1), Parked(unit_id="abcdef12-000001", reason="a stop"))
    again = state.tell(RunEnded(run=1, reason="a stop", units=0), run_started(2), RunResumed(run=2))
    assert list(again.in_flight) == ["abcdef12-000001"]


def test_a_unit_keeps_the_task_that_it_was_decided_with() -> None:
    told = Told(decided(1))
    told.tell(added("add", skills=("sums",)))
    told.tell(finished(told.state, 1))
    assert list(told.state.skills) == ["arithmetic"]


def test_what_was_known_of_a_task_is_as_it_was_after_an_attempt_without_a_verdict() -> None:
    told = Told(run_started())
    told.unit(1)
    told.unit(2, "failed")
    record, skill, model = told.state.tasks["add"], told.state.skills["arithmetic"], told.state.learning.model
    kept = ("passes", "first_passes", "retries_after_pass", "failures_after_pass", "last_outcome", "fails_in_a_row")
    before = {name: getattr(record, name) for name in kept}
    attempts, hard = skill.attempts, model.difficulty("add", declared=0.5).mean
    state = told.unit(3, "no_verdict")
    assert {name: getattr(record, name) for name in kept} == before
    assert (record.attempts, record.no_verdicts, len(record.costs)) == (3, 1, 2)
    assert (skill.attempts, model.difficulty("add", declared=0.5).mean) == (attempts, hard)
    assert (state.totals.no_verdict, state.totals.failed, state.totals.units) == (1, 1, 3)


def test_a_task_whose_text_changed_may_be_judged_again() -> None:
    told = Told(run_started())
    assert told.unit(1, "no_verdict").tasks["add"].unjudged
    assert told.tell(added("add", goal="Add two numbers, exactly.")).tasks["add"].unjudged == ""


def test_units_are_counted_by_how_they_ended() -> None:
    told = Told(run_started())
    told.unit(1)
    told.unit(2, passed_first=False)
    told.unit(3, "failed")
    state = told.unit(4, "ungraded", passed_first=False)
    totals = Totals(units=4, passed_first=1, passed_repaired=1, failed=1, ungraded=1, tokens=400)
    assert state.totals == totals
    assert state.run_totals == replace(totals, by_skill={"arithmetic": (3, 2)})
    assert state.models == {"rehearsal": 4}


def test_the_totals_of_a_run_begin_anew_with_the_next_one() -> None:
    told = Told(run_started())
    told.unit(1)
    state = told.tell(RunEnded(run=1, reason="enough", units=1), run_started(2))
    assert (state.run_totals, state.run_tasks, state.run_decided) == (Totals(), set(), 0)
    assert (state.totals.units, state.decided, state.runs) == (1, 1, 2)


def test_a_run_is_open_until_it_says_that_it_ended() -> None:
    told = Told(run_started())
    assert not told.state.run_ended
    assert told.tell(RunEnded(run=1, reason="enough", units=0)).run_ended


def test_faults_count_and_score_nothing() -> None:
    state = Told(run_started(), Faulted(fault="ModelFault", message="away")).state
    assert state.totals == state.run_totals == Totals(faults=1)


def test_failures_after_a_pass_are_counted_for_task_and_skill() -> None:
    told = Told()
    outcomes: tuple[Outcome, ...] = ("failed", "passed", "failed", "passed")
    for number, outcome in enumerate(outcomes, start=1):
        state = told.unit(number, outcome)
    record, skill = state.tasks["add"], state.skills["arithmetic"]
    assert (record.retries_after_pass, record.failures_after_pass) == (2, 1)
    assert (skill.retries_after_pass, skill.failures_after_pass) == (2, 1)
    assert (record.attempts, record.passes, record.first_passes, record.last_outcome) == (4, 2, 2, "passed")
    assert list(skill.recent) == [False, True, False, True]


def test_an_ungraded_unit_says_nothing_about_a_skill() -> None:
    state = Told().unit(1, "ungraded", passed_first=False)
    assert state.skills == {}
    assert state.tasks["add"].attempts == 1


def test_the_latest_attempts_and_what_they_took_are_kept_in_windows() -> None:
    told = Told()
    for number in range(1, 61):
        state = told.unit(number, turns=(a_turn(prompt_tokens=number, completion_tokens=0),))
    record = state.tasks["add"]
    assert list(record.previous) == [f"abcdef12-{number:06d}" for number in range(60, 50, -1)]
    assert list(record.costs) == [Cost(number, 1, 1.5) for number in range(11, 61)]
    assert state.families == {("arithmetic", 2): record.costs}


def test_a_task_that_comes_again_keeps_its_record_and_moves_with_its_main_skill() -> None:
    told = Told()
    told.unit(1)
    state = told.tell(added("add", skills=("sums",), goal="Sum."))
    assert (state.tasks["add"].attempts, state.tasks["add"].task.goal) == (1, "Sum.")
    assert state.by_skill == {"arithmetic": [], "sums": ["add"]}


def test_what_people_ask_for_is_a_wish_in_order_even_if_the_task_was_known() -> None:
    state = Told(added("b", origin="user"), added("add", origin="user"), added("c", origin="curriculum")).state
    assert list(state.wishes) == ["b", "add"]
    assert state.wishes["add"] is state.tasks["add"]


def test_an_analysis_remembers_how_many_units_it_saw() -> None:
    told = Told()
    told.unit(1)
    state = told.tell(Analysed(analysis=an_analysis()))
    assert (state.analyses, state.units_at_last_analysis) == (1, 1)


def erring(state: MemoryState, number: int, error_class: str) -> Finished:
    """A failed unit whose last error is of this class."""
    event = finished(state, number, "failed")
    error = EncounteredError(turn=0, error_class=error_class, message=f"message {number}")
    return event.model_copy(update={"belog": event.belog.model_copy(update={"errors_encountered": (error,)})})


def test_error_classes_are_counted_with_their_first_example() -> None:
    told = Told(decided(1), decided(2))
    told.tell(erring(told.state, 1, "KeyError"), erring(told.state, 2, "KeyError"))
    record = told.state.errors["KeyError"]
    assert (record.count, record.example, record.task_id) == (2, "message 1", "add")


def test_code_that_invents_error_classes_cannot_make_the_state_grow() -> None:
    told = Told()
    for number in range(1, ERRORS_KEPT + 6):
        told.tell(decided(number))
        told.tell(erring(told.state, number, f"Error{number}"))
    assert len(told.state.errors) == ERRORS_KEPT + 1
    assert told.state.errors[OTHER_ERRORS].count == 5


def test_a_unit_for_an_unknown_task_is_refused() -> None:
    with pytest.raises(
        MemoryDamaged, match=r"^event 3 does not fit .*: unit abcdef12-000001 is for a task that was not"
    ):
        Told(decided(1, "unknown"))


def test_a_unit_is_not_decided_twice() -> None:
    with pytest.raises(MemoryDamaged, match="was decided before"):
        Told(decided(1), decided(1))


def test_a_unit_does_not_finish_twice() -> None:
    told = Told(decided(1))
    once = finished(told.state, 1)
    told.tell(once)
    with pytest.raises(MemoryDamaged, match="was not decided, or has finished before"):
        told.tell(once)


def test_a_unit_does_not_finish_with_the_log_of_another() -> None:
    told = Told(decided(1), decided(2))
    mixed = finished(told.state, 1).model_copy(update={"belog": finished(told.state, 2).belog})
    with pytest.raises(MemoryDamaged, match="has the log of another"):
        told.tell(mixed)


def test_what_was_refused_has_changed_nothing() -> None:
    told = Told()
    with pytest.raises(MemoryDamaged):
        told.tell(decided(1, "unknown"))
    assert (told.state.last_seq, told.state.decided, told.state.in_flight) == (2, 0, {})


def test_scores_and_analyses_of_older_logs_are_read() -> None:
    parts = {"accuracy": 1.0, "speed": 0.5, "elegance": None, "difficulty": 0.5, "points": 70.0}
    score = Score.model_validate(parts)
    assert (score.figures, score.issues) == (None, ())
    told = Told(decided(1))
    told.tell(finished(told.state, 1, score=score))
    older = {"number": 1, "units": 1, "pass_rate": 1, "skills": (), "errors": (), "weakest": None, "summary": "Well."}
    state = told.tell(Analysed(analysis=Analysis.model_validate(older)))
    assert (state.analyses, len(state.habits), len(state.mistakes)) == (1, 0, 1)
