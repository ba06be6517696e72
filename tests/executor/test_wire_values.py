"""Values of standard types cross exactly, shared containers stay shared, and sets keep the order of numbers."""

import array
import collections
import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.grading.judge_agent import write_back
from executor.grading.wire import Decoder, Encoder, WireError
from tests.executor.test_wire import across

names = st.integers() | st.text() | st.tuples(st.integers(), st.booleans())
items = st.dictionaries(names, st.integers() | st.text(), max_size=5)
zones = st.timezones().map(lambda _: dt.UTC) | st.none()
standard: st.SearchStrategy[Any] = (
    st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | st.times(timezones=zones).map(lambda time: time.replace(fold=0))
    | st.datetimes(timezones=zones)
    | st.timedeltas()
    | st.binary().map(lambda data: memoryview(data)[:])
    | items.map(collections.OrderedDict)
    | st.lists(names, max_size=5).map(collections.Counter)
    | items.map(lambda pairs: collections.defaultdict(None, pairs))
    | st.lists(st.integers(-(2**31), 2**31 - 1)).map(lambda numbers: array.array("i", numbers))
    | st.lists(st.floats(allow_nan=False)).map(lambda numbers: array.array("d", numbers))
)


@given(standard, st.integers(0, 3))
def test_values_of_standard_types_arrive_as_they_left(value: Any, deep: int) -> None:
    wrapped = value
    for _ in range(deep):
        wrapped = (wrapped,)
    arrived = across(wrapped)
    for _ in range(deep):
        (arrived,) = arrived
    assert type(arrived) is type(value)
    assert arrived == value


@given(items)
def test_views_of_a_dict_arrive_as_views_in_its_order(value: dict[Any, Any]) -> None:
    for view in (value.keys(), value.values(), value.items()):
        arrived = across(view)
        assert type(arrived) is type(view)
        assert list(arrived) == list(view)


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.10"),
        Decimal("-0"),
        Decimal("Infinity"),
        Fraction(-3, 7),
        slice(1, None, -1),
        dt.timedelta.max,
        dt.date.min,
    ],
)
def test_the_very_text_of_a_number_arrives(value: object) -> None:
    assert repr(across(value)) == repr(value)


def test_what_is_no_number_stays_none() -> None:
    assert across(Decimal("NaN")).is_nan()


def test_a_defaultdict_arrives_without_the_function_that_fills_it() -> None:
    arrived = across(collections.defaultdict(list, a=[1]))
    assert (type(arrived), dict(arrived), arrived.default_factory) == (collections.defaultdict, {"a": [1]}, None)


@pytest.mark.parametrize(
    "value",
    [{3, 1, 2}, {8, 16, 0}, {100, 1, 50}, set(range(30)) - {0, 7}, frozenset([40, 8, 16]), {33, 1, 65}, {65, 33, 1}],
)
def test_a_set_of_numbers_is_walked_in_the_order_in_which_it_was(value: set[int]) -> None:
    assert list(across(value)) == list(value)
    assert list(across([set(value), value])[1]) == list(value)


def both_ways(args: list[Any], change: Any) -> list[Any]:
    """Arguments after a call as a task that mutates them sends it: there, changed, and back."""
    mine: dict[int, tuple[int, Any]] = {}
    encoder = Encoder(shared=mine, numbers=True)
    sent = json.loads(json.dumps([encoder.encode(each) for each in args]))
    theirs: dict[int, Any] = {}
    decoder = Decoder(shared=theirs)
    change(*(decoder.decode(each) for each in sent))
    numbers = {id(each): (number, each) for number, each in theirs.items()}
    answer = Encoder(shared=numbers)
    told = json.loads(json.dumps([[number, answer.encode(each, content=True)] for number, each in theirs.items()]))
    known = dict(mine.values())
    back = Decoder(shared=dict(known))
    for number, content in told:
        write_back(known[number], back.decode(content))
    return args


def test_a_list_that_is_given_twice_is_one_list_there() -> None:
    xs = [1]
    assert both_ways([xs, xs], lambda a, _b: a.append(2)) == [[1, 2], [1, 2]]
    assert xs == [1, 2]


def test_an_inner_list_stays_the_very_list() -> None:
    row = [0]
    grid = [row, row, [0]]
    both_ways([grid], lambda g: (g[0].append(7), g.append(g[1])))
    assert grid == [[0, 7], [0, 7], [0], [0, 7]]
    assert grid[0] is row
    assert grid[3] is row


@pytest.mark.parametrize(
    "value", [{"a": [1]}, collections.OrderedDict(a=1), collections.Counter("ab"), {1}, bytearray(b"a"),
              collections.deque([1])]
)  # fmt: skip
def test_a_container_of_any_kind_can_be_emptied_there(value: Any) -> None:
    kind = type(value)
    both_ways([value], lambda each: each.clear())
    assert (type(value), len(value)) == (kind, 0)


def test_a_container_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(WireError):
        Encoder().encode(value)


@pytest.mark.parametrize("form", [{"==": 0}, {"=": [0, {"==": 0}]}, {"=": [0]}, {"=": ["0", []]}, {"=": 1}, {"==": []}])
def test_a_number_that_names_no_container_is_refused(form: Any) -> None:
    with pytest.raises(WireError):
        Decoder().decode(form)


@pytest.mark.parametrize("form", [{"deep": []}, {"deep": [{"@": 0}]}, {"deep": [{"@": 1}, {"@": 1}]}, {"deep": 1},
                                  {"deep": [{"@": 2}, 1]}, [{"@": 1}]])  # fmt: skip
def test_parts_that_name_no_later_part_are_refused(form: Any) -> None:
    with pytest.raises(WireError):
        Decoder().decode(form)


def test_an_objects_plain_value_is_one() -> None:
    forms: list[Any] = [{"o": 1, "of": "A"}, None, True, {"it": []}]
    for form in forms:
        with pytest.raises(WireError):
            Decoder(lambda _: object()).decode({"o": 0, "of": "B", "as": form})
