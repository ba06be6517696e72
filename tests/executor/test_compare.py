"""What the host makes of answers in the wire's form: equal, shown, or neither, and never more work than their size."""

import json
import time
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.grading.compare import flattened, is_plain, same
from executor.grading.showing import MAX_TEXT, shown
from executor.grading.wire import Decoder, Encoder
from memory.literals import literal
from tests.executor.test_wire import every_value, exact, kept, tagged_json


def form(value: object) -> Any:
    return flattened(json.loads(json.dumps(Encoder(kept).encode(value))))


def alike(value: Any) -> object:
    """What `same` goes by: types and values, without the order of dicts and sets, and without the sign of a zero."""
    if isinstance(value, dict):
        return "dict", sorted(repr((exact(key), alike(item))) for key, item in value.items())
    if isinstance(value, (list, tuple, deque)):
        return type(value).__name__, [alike(item) for item in value]
    return exact(value)


@given(every_value)
def test_a_value_is_the_same_as_itself_and_what_crossed(value: object) -> None:
    crossed = Encoder(kept).encode(Decoder().decode(form(value)))
    assert same(form(value), crossed)
    assert same(form(value), crossed, tolerance=1e-9)


@given(every_value, every_value)
def test_values_of_other_types_or_contents_are_not_the_same(left: object, right: object) -> None:
    if same(form(left), form(right)):
        assert repr(alike(left)).replace("-0.0", "0.0") == repr(alike(right)).replace("-0.0", "0.0")


@given(st.dictionaries(st.text() | st.integers(), st.sets(st.integers() | st.text()), min_size=1))
def test_dicts_and_sets_have_no_order(value: dict[Any, set[Any]]) -> None:
    turned = form(value)
    turned["d"] = [[key, {"s": inner["s"][::-1]}] for key, inner in turned["d"][::-1]]
    assert same(turned, form(value))


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, True), (1, 1.0), (0, False), ("1", 1), ([1], (1,)), ({1}, frozenset({1})), (b"a", bytearray(b"a")),
     ("a", b"a"), ([], {}), (None, 0), (None, False), (deque([1]), [1]), ({1: 2}, {True: 2}), ({1}, {True}),
     ({1}, {1.0}), (2**60, float(2**60)),
     (int, "int"), (range(2), [0, 1]), (1 + 0j, 1.0), ([[1]], [[True]]), ({1: 1}, {1: 1, 2: 2})],
)  # fmt: skip
def test_exact_types_differ(left: object, right: object) -> None:
    assert not same(form(left), form(right))
    assert not same(form(right), form(left))


@pytest.mark.parametrize("hostile", [{"it": [1]}, {"o": 1, "of": "S"}, {"t": 1}, {"s": 3}, {"d": [1]}, {"d": [[1]]}, {},
                                     {"i": "0x1"}, {"x": []}, {"s": [1, 1]}, {"d": [[1, 2], [1, 2]]}])  # fmt: skip
@pytest.mark.parametrize("expected", [(1,), {1}, {1: 2}, 1, [1], "a", None])
def test_what_is_no_value_is_the_same_as_nothing(hostile: Any, expected: object) -> None:
    assert not same(hostile, form(expected))
    assert not same(hostile, form(expected), tolerance=0.5)


@given(tagged_json, every_value)
def test_any_json_is_compared_and_shown(data: Any, value: object) -> None:
    same(data, form(value))
    same(data, form(value), tolerance=0.1)
    is_plain(data)
    assert len(shown(data)) <= MAX_TEXT
    shown(data).encode("utf-8", "surrogatepass")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                    | st.text(max_size=20), lambda x: st.lists(x, max_size=5) | st.sets(st.integers(), max_size=5)
                    | st.dictionaries(st.text(max_size=9), x, max_size=5) | st.lists(x, max_size=5).map(tuple),
                    max_leaves=8))  # fmt: skip
def test_what_is_shown_can_be_read_back(value: object) -> None:
    text = shown(form(value))
    if "..." not in text:
        assert same(form(literal(text)), form(value))


def test_sets_are_shown_in_one_order() -> None:
    assert shown({"s": ["b", "a"]}) == shown({"s": ["a", "b"]}) == "{'a', 'b'}"


COLLIDING = {"s": [{"i": hex((2**61 - 1) * n)} for n in range(1, 100_000)]}


@pytest.mark.parametrize(
    "data",
    [COLLIDING, {"d": [[key, 0] for key in COLLIDING["s"]]}, {"i": "0x" + "f" * 3_900_000}, ["[" * 900] * 1000,
     json.loads("[" * 900 + "]" * 900), {"s": [[0]] * 200_000}, "x" * 4_000_000, {"b": "A" * 4_000_000}],
    ids=["set", "dict", "int", "list", "deep", "lists", "text", "bytes"],
)  # fmt: skip
def test_a_hostile_answer_costs_the_host_no_more_than_its_size(data: Any) -> None:
    began = time.process_time()
    for expected in ({1}, {1: 0}, 1, [1]):
        assert not same(data, form(expected), tolerance=0.1)
    shown(data)
    is_plain(data)
    assert time.process_time() - began < 4


def test_a_long_text_below_many_sets_costs_no_more_than_its_size() -> None:
    nested: Any = "\x7f" * 2_000_000
    for _ in range(150):
        nested = {"s": [nested]}
    began = time.process_time()
    assert not same(nested, {"s": [1]})
    assert shown(nested).startswith("{{{")
    assert time.process_time() - began < 1.0
