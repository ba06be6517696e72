import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.utils.rehearsal.worlds import DOUBLE_TASK, FAILED, NO_CODE, TASKS, reflect
from utils.completions import Completion, Message
from utils.rehearsal.lessons import LESSONS, all_rules
from utils.rehearsal.mistakes import Mistake, mistake_in
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.tables import Reflection
from utils.rehearsal.truths import Truths
from utils.text import find_json_object


def model(**shares: float) -> RehearsalModel:
    planted = Reflection.model_validate({"broken": 0.0, "no_rule": 0.0, "fenced": 0.0, **shares})
    return RehearsalModel(TASKS, Truths.default().model_copy(update={"reflection": planted}), 0)


def told(expected: str, actual: str, arguments: str = "(3,)") -> str:
    return f"AssertionError in check 2\narguments: {arguments}\nexpected: {expected}\nactual: {actual}\n"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (NO_CODE, Mistake.NO_CODE),
        ("it holds no Python code", Mistake.NO_CODE),
        ("  File 'x', line 3\nSyntaxError: invalid syntax", Mistake.SYNTAX),
        ("the solution does not define roots", Mistake.NOT_DEFINED),
        ("NameError: name 'math' is not defined", Mistake.NAME),
        ("the solution's process ended during the checks: it took too long (wall clock)", Mistake.TOO_SLOW),
        ("RecursionError: maximum recursion depth exceeded", Mistake.RECURSION),
        ("it ended: oom", Mistake.MEMORY),
        ("IndexError: list index out of range", Mistake.INDEX),
        ("KeyError: 'a'", Mistake.KEY),
        ("ZeroDivisionError: division by zero", Mistake.DIVISION),
        (told("3", "None"), Mistake.NONE),
        (told("()", "(1,)", "([],)"), Mistake.EMPTY),
        (told("3", "'3'"), Mistake.TYPE),
        (told("[1, 2]", "[2, 1]"), Mistake.ORDER),
        (told("7", "8"), Mistake.OFF_BY_ONE),
        (told("[1, 2, 3]", "[1, 2]"), Mistake.OFF_BY_ONE),
        (told("0.1", "0.10000001"), Mistake.PRECISION),
        (told("4", "9", "(-3,)"), Mistake.NEGATIVE),
        (told("4", "9"), Mistake.WRONG),
        (told("4", "9", "(4-2,)"), Mistake.WRONG),
        ("f(3) should be right: expected `4` but got `9`.", Mistake.WRONG),
        ("  call: f('')\n  expected: 1\n  actual: 5\n  error: wrong", Mistake.EMPTY),
        ("TypeError: unsupported operand", Mistake.TYPE),
        ("ValueError: bad", Mistake.OTHER_ERROR),
        ("AssertionError", Mistake.WRONG),
        ("The outcome: all checks passed after 1 try.", Mistake.NOTHING),
        (f"all checks passed after 2 tries.\n{told('4', '9')}", Mistake.WRONG),
        ("expected: 3\nerror: ValueError: bad\ncheck 'b'\nexpected: 2\nactual: None", Mistake.NONE),
        (told("<object>", "1"), Mistake.WRONG),
        (told(f"'{'x' * 3000}'", "None"), Mistake.WRONG),
        (told("(" * 500, "1"), Mistake.WRONG),
        ("", Mistake.WRONG),
    ],
)
def test_the_mistake_is_told_from_the_failure(text: str, mistake: Mistake) -> None:
    assert mistake_in(text) is mistake


@given(st.text())
def test_any_text_shows_some_mistake(text: str) -> None:
    assert mistake_in(f"expected {text} got {text}") in LESSONS


def test_a_reflection_fits_the_failure_and_repeats_its_rules_over_seeds() -> None:
    found = [json.loads(model().complete(reflect(seed=seed)).text) for seed in range(60)]
    assert {frozenset(one) for one in found} == {frozenset({"error_class", "lesson", "rule"})}
    assert {one["error_class"] for one in found} == {"None in place of a value"}
    assert {one["rule"] for one in found} == {"Return a value on every path."}
    assert all(one["lesson"].startswith("(rehearsal) ") for one in found)


def test_a_reflection_on_a_passing_schema_alone_is_about_the_newest_message() -> None:
    reply = model().complete(reflect("IndexError: list index out of range", json_schema={"type": "object"}))
    assert json.loads(reply.text)["error_class"] == "index out of range"


def test_rules_come_from_the_closed_vocabulary_and_vary() -> None:
    failure = f"{told('4', '9')}Reply with one JSON object: error_class, lesson, rule"
    rules = {json.loads(model().complete(reflect(failure, seed)).text)["rule"] for seed in range(80)}
    assert rules <= all_rules()
    assert len(rules) >= 3


def test_a_task_of_a_skill_may_bring_the_rule_of_the_skill() -> None:
    about = (Message("user", f"{DOUBLE_TASK.goal}\n{FAILED}\nReply with one JSON object: error_class, lesson, rule"),)
    replies = [model().complete(Completion(messages=about, seed=seed)) for seed in range(40)]
    rules = {json.loads(reply.text)["rule"] for reply in replies}
    assert rules == {"Return a value on every path.", "Normalise case and spaces only where the task says so."}


def test_where_nothing_went_wrong_there_is_no_rule() -> None:
    found = json.loads(model().complete(reflect("All checks passed.", json_schema={"type": "object"})).text)
    assert (found["error_class"], found["rule"]) == ("none", None)


def test_the_planted_share_of_reflections_is_unusable() -> None:
    broken = [find_json_object(model(broken=1.0).complete(reflect(seed=seed)).text) for seed in range(60)]
    assert all(found is None or "lesson" not in found for found in broken)


def test_a_reflection_may_stand_in_a_fence_and_may_propose_no_rule() -> None:
    reply = model(fenced=1.0, no_rule=1.0).complete(reflect())
    found = find_json_object(reply.text)
    assert reply.text.startswith("```json\n")
    assert found is not None
    assert found["rule"] is None
