from typing import Any

import pytest

from memory.attempts import Assertion, AttemptResult, Outcome, RunFacts, Shown, Verdict
from memory.belogs import BELog, ExecutionContext, ExecutionTime, FileChange
from memory.events import Event, Happening
from memory.make_belog import Finding, error_class
from memory.state import MemoryState
from memory.tasks import Check
from tests.memory.builders import (
    AT,
    SANDBOX,
    a_belog,
    a_reflection,
    a_result,
    a_spec,
    a_turn,
    a_verdict,
    added,
    created,
    decided,
    finished,
)

NINE: tuple[Outcome, ...] = ("passed",) * 9


def told(*happenings: Happening) -> MemoryState:
    """A state that knows the task `add` and was told this."""
    state = MemoryState()
    for seq, happening in enumerate((created(), added(), *happenings), start=1):
        state.apply(Event(seq=seq, at=AT, data=happening))
    return state


def after(*outcomes: Outcome, task_id: str = "add", state: MemoryState | None = None, **fields: Any) -> MemoryState:
    """A state in which units of a task ended like this, one after the other."""
    state = state or told()
    for outcome in outcomes:
        number = state.decided + 1
        state.apply(Event(seq=state.last_seq + 1, at=AT, data=decided(number, task_id)))
        ended = finished(state, number, outcome, **fields)
        state.apply(Event(seq=state.last_seq + 1, at=AT, data=ended))
    return state


def log_of(state: MemoryState, result: AttemptResult | None = None, **given: Any) -> BELog:
    return a_belog(state, a_spec(900), result or a_result(900), **given)


def test_a_log_says_what_ran_with_what() -> None:
    spec = a_spec(
        900,
        shown_rules=(Shown(id="rule-1@2", text="Do."),),
        shown_belogs=(Shown(id="b", text="It failed."),),
        blueprint_version=3,
        max_repairs=1,
    )
    log = a_belog(told(), spec, a_result(900))
    assert (log.timestamp, log.task_id, log.task_name, log.execution_trace_id) == (AT, "add", "add", spec.unit_id)
    assert (log.blueprint_id, log.blueprint_version) == ("builder-default", 3)
    assert log.execution_context == ExecutionContext(
        model="rehearsal",
        sandbox="process",
        sandbox_safe=False,
        temperature=0.2,
        max_repairs=1,
        shown_rules=("rule-1@2",),
        shown_belogs=("b",),
    )


def test_the_sandbox_is_the_one_that_ran_the_last_code() -> None:
    docker = SANDBOX.model_copy(update={"kind": "docker", "safe": True})
    turns = (a_turn(0, a_verdict("failed")), a_turn(1, a_verdict("passed", sandbox=docker)), a_turn(2, problem="prose"))
    context = log_of(told(), a_result(900, turns=turns)).execution_context
    assert (context.sandbox, context.sandbox_safe) == ("docker", True)


def test_times_are_added_up_over_the_turns() -> None:
    turns = (a_turn(0, a_verdict("failed")), a_turn(1, problem="prose"), a_turn(2, a_verdict()))
    assert log_of(told(), a_result(900, turns=turns, wall_s=9.0)).execution_time == ExecutionTime(
        model_s=3.0, sandbox_s=0.5, total_s=9.0
    )


@pytest.mark.parametrize(("outcome", "success"), [("passed", True), ("failed", False), ("ungraded", None)])
def test_success_is_unknown_for_an_ungraded_task(outcome: Outcome, success: bool | None) -> None:  # noqa: FBT001
    assert log_of(told(), a_result(900, outcome)).success is success


def test_the_expected_outcome_is_said_in_words() -> None:
    two = (Check(name="a", code="assert add(1, 1)"), Check(name="b", code="assert add(1, 2)"))
    state = told(added("two", checks=two, interface=("sub",)), added("none", checks=()))
    words = {task: a_belog(state, a_spec(900, task), a_result(900)).expected_outcome for task in state.tasks}
    assert words == {
        "add": "add defined and 1 check passed",
        "two": "add, sub defined and 2 checks passed",
        "none": "code for the goal; the task has no checks to hold it against",
    }


def test_files_are_compared_with_those_of_the_turn_before() -> None:
    files = {"turn-0.py": "a\nb\nc\n", "turn-1.py": "a\nB\nc\nd\n", "turn-2.py": ""}
    assert log_of(told(), files=files).files_changed == (
        FileChange(path="turn-0.py", lines_added=3, lines_removed=0),
        FileChange(path="turn-1.py", lines_added=2, lines_removed=1),
        FileChange(path="turn-2.py", lines_added=0, lines_removed=4),
    )


def test_lines_that_look_like_the_heads_of_a_comparison_are_counted() -> None:
    files = {"turn-0.py": "++x\n--y\n", "turn-1.py": "++z\n"}
    changes = [(each.lines_added, each.lines_removed) for each in log_of(told(), files=files).files_changed]
    assert changes == [(2, 0), (1, 2)]


def test_modules_are_what_was_found_in_the_code() -> None:
    assert log_of(told(), finding=Finding(("json", "re"), ())).dependencies_affected == ("json", "re")


def test_connections_are_tasks_of_the_main_skill_nearest_in_difficulty_at_most_five() -> None:
    near = [added(f"t{n}", difficulty=n / 10) for n in range(10)]
    state = told(*near, added("other", skills=("sorting", "arithmetic")))
    assert log_of(state).pipeline_connections == ("t5", "t4", "t6", "t3", "t7")


def test_a_task_alone_has_no_connections() -> None:
    assert log_of(told()).pipeline_connections == ()


def test_previous_attempts_are_the_latest_ten_newest_first() -> None:
    outcomes: list[Outcome] = ["failed", "passed"] * 6
    state = after(*outcomes)
    assert log_of(state).previous_attempts == tuple(f"abcdef12-{number:06d}" for number in range(12, 2, -1))


class TestEfficiency:
    def test_is_fifty_without_a_past(self) -> None:
        assert log_of(told()).efficiency_score == 50

    def test_is_about_fifty_for_an_attempt_like_the_others(self) -> None:
        assert log_of(after("passed", "passed", "passed")).efficiency_score == 50

    def test_moves_with_the_time_that_an_attempt_took(self) -> None:
        state = after("passed", "passed", "passed", wall_s=10.0)
        scores = [log_of(state, a_result(900, wall_s=wall_s)).efficiency_score for wall_s in (1, 5, 10, 20, 100)]
        assert scores == sorted(set(scores), reverse=True)
        assert scores[2] == 50

    def test_looks_at_the_family_where_the_task_has_no_past(self) -> None:
        state = told(added("near", difficulty=0.55), added("hard", difficulty=0.9), added("b", skills=("sorting",)))
        for task, wall_s in (("near", 10.0), ("hard", 0.1), ("b", 0.1)):
            after("passed", "passed", "passed", task_id=task, state=state, wall_s=wall_s)
        assert log_of(state, a_result(900, wall_s=10.0)).efficiency_score == 50
        assert log_of(state, a_result(900, wall_s=5.0)).efficiency_score > 55

    def test_heeds_the_task_more_than_its_family_once_it_has_a_past(self) -> None:
        state = told(added("near", difficulty=0.55))
        after(*NINE, task_id="near", state=state, wall_s=100.0)
        scores = [log_of(state, a_result(900, wall_s=10.0)).efficiency_score]
        for _ in range(4):
            after(*NINE[:5], state=state, wall_s=10.0)
            scores.append(log_of(state, a_result(900, wall_s=10.0)).efficiency_score)
        assert scores == sorted(scores, reverse=True)
        assert scores[0] > 60
        assert 50 <= scores[-1] < 52

    def test_forgets_a_task_that_was_replaced(self) -> None:
        state = after("passed", "passed", wall_s=10.0)
        state.apply(Event(seq=state.last_seq + 1, at=AT, data=added(goal="Something else.")))
        assert list(state.tasks["add"].costs) == []


class TestErrors:
    def test_are_kept_in_order_with_their_turn_at_most_twenty(self) -> None:
        turns = tuple(a_turn(index, problem=f"prose {index}") for index in range(25))
        errors = log_of(told(), a_result(900, "failed", turns=turns)).errors_encountered
        assert [error.turn for error in errors] == list(range(20))
        assert (errors[1].error_class, errors[1].message) == ("no code", "prose 1")

    def test_a_passed_turn_has_none(self) -> None:
        assert log_of(told()).errors_encountered == ()

    def test_a_wrong_answer_says_what_came_and_what_was_expected(self) -> None:
        failure = Assertion(
            check="small", line=1, source="add(1, 2) == 3", passed=False, expected="3", actual="-1", call="add(1, 2)"
        )
        [error] = errors_of(a_verdict("failed", failures=(failure,)))
        assert error == ("wrong answer", "add(1, 2) == 3: got -1, expected 3")

    def test_an_exception_says_in_which_call(self) -> None:
        failure = Assertion(
            check="small", line=1, source="s", passed=False, call="add(1, 2)", error="KeyError: 'x'\x1b[2J"
        )
        [error] = errors_of(a_verdict("failed", failures=(failure,)))
        assert error == ("KeyError", "add(1, 2): KeyError: 'x'\\x1b[2J")

    def test_nothing_reached_says_so(self) -> None:
        assert errors_of(a_verdict("failed")) == [("wrong answer", "no check was reached")]
        assert errors_of(a_verdict("failed", error=" \n")) == [("wrong answer", "no check was reached")]

    def test_an_ungraded_program_that_crashed_has_its_exception(self) -> None:
        stderr = "Traceback (most recent call last):\n  File ...\nZeroDivisionError: division by zero\n"
        crashed = RunFacts(status="exit", exit_code=1, wall_s=0, cpu_s=0, peak_mb=1, stderr=stderr)
        [error] = errors_of(a_verdict("ungraded", candidate=crashed))
        assert error == ("ZeroDivisionError", "ZeroDivisionError: division by zero")

    def test_an_ungraded_program_that_said_nothing_has_just_ended(self) -> None:
        crashed = RunFacts(status="exit", exit_code=3, wall_s=0, cpu_s=0, peak_mb=1)
        assert errors_of(a_verdict("ungraded", candidate=crashed)) == [("process ended", "")]

    def test_an_ungraded_program_that_ran_has_none(self) -> None:
        assert errors_of(a_verdict("ungraded")) == []


def errors_of(verdict: Verdict) -> list[tuple[str, str]]:
    log = log_of(told(), a_result(900, verdict.outcome, turns=(a_turn(verdict=verdict),)))
    return [(error.error_class, error.message) for error in log.errors_encountered]


def failing(error: str = "", *, failure: str = "", status: str = "exit") -> Verdict:
    facts = RunFacts(status=status, exit_code=1, wall_s=0, cpu_s=0, peak_mb=0)
    failures = (Assertion(check="c", line=1, source="s", passed=False, error=failure),)
    return a_verdict("failed", error=error, failures=failures, candidate=facts)


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        (failing(), "wrong answer"),
        (failing(failure="ValueError: no"), "ValueError"),
        (failing(failure="json.decoder.JSONDecodeError: Expecting value"), "JSONDecodeError"),
        (failing(failure="RecursionError"), "RecursionError"),
        (failing("Traceback ...\nSyntaxError: invalid syntax\n"), "SyntaxError"),
        (failing("IndexError: 3", failure="ValueError: no"), "IndexError"),
        (failing("the code does not define add"), "missing name"),
        (failing("the program ended before it was asked"), "process ended"),
        (failing(status="timeout"), "timeout"),
        (failing(status="cpu_limit"), "cpu limit"),
        (failing(status="oom", error="MemoryError: x"), "oom"),
        (failing(status="cancelled", failure="TypeError: x"), "TypeError"),
        (failing(failure="E" * 500 + ": x"), "another exception"),
        (failing(failure="KeyError: 1").model_copy(update={"fits_only_shown": True}), "fits only what it was shown"),
    ],
)
def test_an_error_class_is_the_exception_the_limit_or_a_wrong_answer(verdict: Verdict, name: str) -> None:
    assert error_class(verdict) == name


class TestRisk:
    def test_is_one_half_where_nothing_was_tried_again(self) -> None:
        assert log_of(told()).potential_breakage_risk == 0.5
        assert log_of(after("failed", "passed")).potential_breakage_risk == 0.5

    def test_rises_with_failures_after_a_pass_and_falls_with_passes(self) -> None:
        assert log_of(after("passed", "failed", "failed")).potential_breakage_risk == 0.75
        assert log_of(after("passed", "passed", "passed")).potential_breakage_risk == 0.25

    def test_takes_in_all_skills_of_the_task(self) -> None:
        state = told(added("both", skills=("sorting", "arithmetic")))
        after("passed", "failed", state=state)
        assert a_belog(state, a_spec(900, "both"), a_result(900)).potential_breakage_risk == round(2 / 3, 6)


class TestCrossCheck:
    def test_is_required_when_a_task_fails_that_was_passed(self) -> None:
        assert log_of(after("passed"), a_result(900, "failed")).cross_check_required

    def test_is_not_required_when_a_task_fails_that_never_passed(self) -> None:
        assert not log_of(after("failed"), a_result(900, "failed")).cross_check_required

    def test_is_required_when_a_pass_shares_its_main_skill_with_a_task_that_broke(self) -> None:
        state = after("passed", "failed", task_id="b", state=told(added("b")))
        assert log_of(state).cross_check_required

    def test_is_not_required_when_the_other_task_is_whole_again_or_of_another_skill(self) -> None:
        whole = after("passed", "failed", "passed", task_id="b", state=told(added("b")))
        other = after("passed", "failed", task_id="b", state=told(added("b", skills=("sorting", "arithmetic"))))
        assert not log_of(whole).cross_check_required
        assert not log_of(other).cross_check_required

    def test_is_never_required_by_an_ungraded_attempt(self) -> None:
        state = after("passed", "failed", task_id="b", state=told(added("b")))
        assert not log_of(state, a_result(900, "ungraded")).cross_check_required


def test_suggestions_are_the_lesson_then_what_was_measured() -> None:
    turns = (a_turn(0, problem="prose"), a_turn(1, finish="length", verdict=a_verdict("failed")))
    result = a_result(900, "failed", turns=turns, reflection=a_reflection(lesson="Think."))
    assert log_of(told(), result, finding=Finding((), ("slower than the reference",))).improvement_suggestions == (
        "Think.",
        "slower than the reference",
        "1 of 2 replies held no code: ask for nothing but code",
        "1 replies were cut off: allow more tokens for one",
    )


def test_nothing_to_suggest_is_suggested_for_a_clean_pass() -> None:
    assert log_of(told()).improvement_suggestions == ()
