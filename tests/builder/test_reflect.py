import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.prompting import Prompts
from builder.reflect import LookBack, ReflectionReply, read_reflection, reflect
from memory.attempts import Reflection, Sampling, Turn
from memory.told import Told, all_of
from tests.builder.scripted import REFLECTION, RIGHT, ScriptedModel, a_failure, failed
from tests.memory.builders import a_task, a_turn, a_verdict
from utils.completions import Completion
from utils.errors import ContextOverflow, ModelFault
from utils.text import printable

WHOLE: dict[str, Any] = {"error_class": "Off By One", "lesson": "Count from zero.", "rule": "Check both ends."}
READ = Reflection(usable=True, error_class="off by one", lesson="Count from zero.", rule="Check both ends.")


def reply(**fields: Any) -> str:
    return json.dumps({**WHOLE, **fields})


@pytest.mark.parametrize(
    "text",
    [
        reply(),
        f"Here it is: {reply()} I hope that it helps.",
        f"```json\n{reply()}\n```",
        f"<think>{{}} no</think>{reply()}",
        f"[{reply()}]",
        reply(confidence=0.9, nested={"a": [1]}),
        reply(error_class="  off \n by\tone ", lesson="Count\r\nfrom   zero.", rule="\nCheck both ends.\n"),
    ],
)
def test_the_object_is_found_whatever_stands_around_it(text: str) -> None:
    assert read_reflection(text) == READ


@pytest.mark.parametrize("rule", [None, "", "  ", "none", "None.", "null", "N/A", "-", "No rule."])
def test_a_rule_may_be_missing(rule: str | None) -> None:
    assert read_reflection(reply(rule=rule)) == READ.model_copy(update={"rule": ""})
    assert read_reflection('{"error_class": "off by one", "lesson": "Count from zero."}').rule == ""


def test_escape_sequences_cannot_steer_a_terminal() -> None:
    found = read_reflection(reply(lesson="red \x1b[31m \u202e \0 text", rule="a\ud800b"))
    assert (found.lesson, found.rule) == ("red \\x1b[31m \\u202e \\x00 text", "a\ufffdb")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the reply holds no JSON object"),
        ("The code should handle the edge cases first.", "the reply holds no JSON object"),
        ('["off by one"]', "the reply holds no JSON object"),
        ('{"error_class": NaN, "lesson": "x"}', "the reply holds no JSON object"),
        ('{"error_class": "x", "lesson": "cut o', "the reply holds no JSON object"),
        ("{" * 10_000, "the reply holds no JSON object"),
        ("{}", "error_class: Field required"),
        ('{"error_class": "x"}', "lesson: Field required"),
        (reply(error_class=5), "error_class: Input should be a valid string"),
        (reply(lesson=["a"]), "lesson: Input should be a valid string"),
        (reply(rule={"a": 1}), "rule: Input should be a valid string"),
        (reply(lesson=None), "lesson: Input should be a valid string"),
        (reply(lesson="  "), "lesson: String should have at least 1 character"),
        (reply(error_class="x" * 61), "error_class: String should have at most 60 characters"),
        (reply(lesson="x" * 1_000_000), "lesson: String should have at most 500 characters"),
        (reply(rule="x" * 301), "rule: String should have at most 300 characters"),
    ],
)
def test_a_useless_reflection_is_no_lesson_and_says_why(text: str, problem: str) -> None:
    assert read_reflection(text) == Reflection(usable=False, problem=problem)


@given(st.dictionaries(st.sampled_from([*WHOLE, "other"]), st.one_of(st.none(), st.floats(), st.text(max_size=700))))
def test_every_text_of_a_reflection_is_one_short_line(fields: dict[str, Any]) -> None:
    found = read_reflection(json.dumps(WHOLE | fields))
    texts = (found.error_class, found.lesson, found.rule, found.problem)
    assert all(len(text) <= 500 and len(text.splitlines()) <= 1 and text == printable(text) for text in texts)


def look_back(*turns: Turn, code: str = RIGHT, told: Told | None = None) -> tuple[Reflection, Completion]:
    model = ScriptedModel([REFLECTION])
    attempt = LookBack(unit="unit-1", task=a_task(), turns=turns, code=code, told=told)
    sampling = Sampling(temperature=0.5, top_p=0.5, max_tokens=99)
    found = reflect(model, Prompts(failure_chars=1000), attempt, sampling=sampling, seed=7)
    return found, model.asked[0]


def test_the_question_shows_what_is_told_of_the_last_failure_of_an_attempt_that_passed_in_the_end() -> None:
    early, late = failed(failures=(a_failure(actual="17"),)), failed(failures=(a_failure(actual="18"),))
    found, asked = look_back(a_turn(0, early), a_turn(1, late), a_turn(2, a_verdict()), told=all_of(late))
    question = asked.messages[-1].content
    assert "The outcome: all checks passed after 3 tries." in question
    assert ("actual: 18" in question, "actual: 17" in question, RIGHT in question) == (True, False, True)
    assert (asked.seed, asked.temperature, asked.top_p, asked.max_tokens) == (7, 0.5, 0.5, 99)
    assert asked.json_schema == ReflectionReply.model_json_schema()
    assert (found.error_class, found.prompt_tokens, found.completion_tokens) == ("wrong sign", 10, 5)


def test_the_question_tells_of_replies_without_code() -> None:
    _, asked = look_back(a_turn(0, problem="it holds no Python code"), code="")
    question = asked.messages[-1].content
    assert "The outcome: the checks did not all pass after 1 try." in question
    assert ("What went wrong:\n\nit holds no Python code\n" in question, "Your last code" in question) == (True, False)


def test_a_context_that_is_too_small_is_no_lesson() -> None:
    attempt = LookBack(unit="unit-1", task=a_task(), turns=(a_turn(),), code="")
    model = ScriptedModel([ContextOverflow("x" * 1000)])
    found = reflect(model, Prompts(failure_chars=1000), attempt, sampling=Sampling(), seed=1)
    assert (found.usable, found.problem[:46], len(found.problem)) == (
        False, "the model's context is too small for it: xxxxx", 500,
    )  # fmt: skip


def test_a_model_that_is_away_is_a_fault() -> None:
    attempt = LookBack(unit="unit-1", task=a_task(), turns=(a_turn(),), code="")
    with pytest.raises(ModelFault, match="away"):
        reflect(ScriptedModel([ModelFault("away")]), Prompts(failure_chars=999), attempt, sampling=Sampling(), seed=1)
