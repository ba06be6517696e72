"""Whatever a candidate sends, the judge reports each check once, failed, and comes to its end."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.grading import judge_agent
from executor.grading.answers import answer, frame_of_answer
from executor.sandbox import MAX_FRAME
from tests.executor.test_agents import Line, order, started

WANTED = 987654321
CHECK = f"""
assert f(1) == {WANTED}
assert {WANTED} in f(2)
assert abs(f(3) - {WANTED}) < 0.5
assert [f(4)] == [{WANTED}]
assert f(lambda: 1) == {WANTED}
for each in (1, 2):
    assert f(each) > {WANTED} and f(each) < 0
"""
SPECIAL = ["__eq__", "__lt__", "__hash__", "__len__", "__iter__", "__next__", "__bool__", "__sub__", "__rsub__",
           "__abs__", "__getitem__", "__contains__", "__class__", "__dict__", "x", "\0"]  # fmt: skip
tags = [*"tsdifbcurq@", "ba", "sl", "de", "fr", "at", "ar", "it", "ty", "od", "cn", "dd", "dk", "dv", "di", "mv", "su",
        "fu", "fs", "deep", "=", "==", "fn"]  # fmt: skip
small = (
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.sampled_from(["", "int", "0x1", "date", *SPECIAL])
)
numbers = st.integers(-1, 4) | st.sampled_from([True, 10**30, "0", None])


def forms(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.fixed_dictionaries(
        {"o": numbers, "of": st.sampled_from(["int", "f", "a\0", "\ud800", 5])},
        optional={
            "as": inner,
            "m": st.sampled_from(["builtins", "json", "x", 3]),
            "n": st.sampled_from(["f", ["f"]]),
            "d": st.lists(st.sampled_from(SPECIAL), max_size=9) | small,
            "me": st.sampled_from([*SPECIAL, 1]),
            "c": numbers,
        },
    )
    return (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(tags), inner, max_size=1)
        | objects
        | st.fixed_dictionaries({"j": numbers})
    )


values = st.recursive(small, forms, max_leaves=6)
errors = st.fixed_dictionaries(
    {},
    optional={
        "classes": st.lists(
            st.sampled_from(
                ["AssertionError", "StopIteration", "GeneratorExit", "json.JSONDecodeError", "solution.f", "int",
                 "unittest.case.SkipTest", "executor.grading.remote.Uncarried", "", "a.b.c", "BaseExceptionGroup"]
            ),
            max_size=3,
        ),
        "message": small,
        "args": st.lists(values, max_size=2),
        "attributes": st.dictionaries(st.sampled_from(["args", "__class__", "_wire_told", "x", "__notes__"]), values),
        "unplain": st.booleans(),
        "gone": st.booleans(),
        "cause": st.just({"classes": ["KeyError"]}) | small,
        "group": st.lists(st.just({"classes": ["KeyError"]}) | small, max_size=2),
    },
)  # fmt: skip
backs = st.fixed_dictionaries(
    {"name": st.sampled_from(["__call__", "__getattr__", "__take__", "mro", "", *SPECIAL]), "object": numbers,
     "args": st.lists(values, max_size=2), "kwargs": st.dictionaries(st.sampled_from(["a", ""]), values, max_size=1)}
)  # fmt: skip
replies = st.one_of(
    st.fixed_dictionaries({"value": values}, optional={"later": st.booleans(), "shared": values, "args": values}),
    st.fixed_dictionaries({"error": errors}),
    st.fixed_dictionaries({"back": backs}),
    values,
)


@pytest.mark.filterwarnings("ignore:coroutine '_awaited' was never awaited:RuntimeWarning")
@settings(max_examples=150, deadline=None)
@given(st.lists(replies, min_size=1, max_size=12), st.booleans(), st.booleans())
def test_no_frames_pass_a_check_or_keep_it_from_its_end(sent: Any, mutates: bool, named: bool) -> None:  # noqa: FBT001
    said, last = told(sent, mutates=mutates, named=named)
    assert last["nonce"] == "n"
    assert len(said) == 1
    assert said[0]["error"] or said[0]["passed"] < said[0]["total"]


def told(sent: list[Any], *, mutates: bool, named: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the judge says while the candidate answers with these frames in turn, and then with 0."""
    judge, thread = started(judge_agent.main)
    start = order(CHECK, mutates=mutates)
    message, said = judge.ask({**start, "classes": ["f"] if named else []}), []
    left = [json.dumps(each).encode() for each in sent]
    while message["op"] != "done":
        if message["op"] == "check":
            said.append(message)
            message = judge.answer()
            continue
        if message["op"] == "over":
            message = judge.ask({"nonce": "n"})
            continue
        message = handed(judge, answer(left.pop(0) if left else b'{"value": 0}', to="call", mutates=mutates))
    judge.to_agent.put(None)
    thread.join(timeout=10)
    return said, message


def handed(judge: Line, reply: dict[str, Any]) -> dict[str, Any]:
    frame = frame_of_answer(reply)
    assert len(frame) <= MAX_FRAME
    judge.to_agent.put(frame)
    return judge.answer()


loads: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"missing": st.just([])},
    optional={"kinds": st.dictionaries(st.sampled_from(["f", "g", "\0"]), st.fixed_dictionaries(
        {}, optional={"o": numbers, "of": small, "d": st.lists(small, max_size=4) | small, "c": small, "m": small,
                      "n": small, "bases": st.lists(st.sampled_from(["f", "g", "ValueError", "int", ""]), max_size=3)}
    ) | small)},
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(loads)
def test_whatever_a_load_says_the_judge_asks_and_reports(load: Any) -> None:
    kinds = answer(json.dumps(load).encode(), to="load", mutates=False).get("kinds", {})
    if not kinds.keys() >= {"f", "g"}:
        return
    judge, thread = started(judge_agent.main)
    start = order("assert f(1) == 2", names=("f", "g"), kinds={name: kinds[name] for name in ("f", "g")})
    message = judge.ask({**start, "classes": ["f", "g"]})
    while message["op"] == "call":
        message = judge.ask({"value": 7})
    assert (message["op"], message["passed"], message["total"]) == ("check", 0, 1)
    assert judge.answer()["op"] == "over"
    assert judge.ask({"nonce": "n"})["op"] == "done"
    judge.to_agent.put(None)
    thread.join(timeout=10)


@pytest.mark.parametrize("levels", [50, 400])
def test_questions_within_questions_come_to_an_end(levels: int) -> None:
    check = "def g(n):\n    return f(g, n)\nassert f(g, 1) == 2"
    judge, thread = started(judge_agent.main)
    message = judge.ask(order(check))
    for _ in range(levels):
        if message["op"] != "call":
            break
        message = judge.ask({"back": {"name": "__call__", "object": 0, "args": [1], "kwargs": {}}})
    while message["op"] in ("call", "returned"):
        message = judge.ask({"value": 0})
    assert (message["op"], message["passed"], message["total"]) == ("check", 0, 1)
    judge.to_agent.put(None)
    thread.join(timeout=10)
