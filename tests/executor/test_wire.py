"""What crosses between a candidate and its judge."""

import collections
import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.grading.wire import MAX_DEPTH, MAX_INT_BITS, MAX_ITEMS, Decoder, Encoder, Handle, WireError

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()), inner, max_size=4)
        | st.frozensets(st.integers() | st.text(), max_size=4)
        | st.sets(st.integers(), max_size=4)
    ),
    max_leaves=20,
)


def across(value: object) -> Any:
    return Decoder().decode(json.loads(json.dumps(Encoder().encode(value))))


@given(plain)
def test_plain_values_arrive_as_they_left(value: object) -> None:
    arrived = across(value)
    assert arrived == value
    assert type(arrived) is type(value)


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_decodes_or_is_refused(data: object) -> None:
    with contextlib.suppress(WireError):
        Decoder().decode(data)


class Text(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Whole(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Text("a"), "a"),
        (Whole(3), 3),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(int, a=1), {"a": 1}),
        (Point(1, 2), (1, 2)),
        (True, True),
    ],
)
def test_subclasses_arrive_as_their_builtin_base(value: object, expected: object) -> None:
    arrived = across(value)
    assert type(arrived) is type(expected)
    assert arrived == expected


def test_special_values_arrive() -> None:
    assert math.isnan(across(float("nan")))
    assert across(float("-inf")) == -math.inf
    assert across(2**200) == 2**200
    assert across(range(2, 9, 3)) == range(2, 9, 3)
    assert across(collections.deque([1, 2])) == collections.deque([1, 2])
    assert across(bytearray(b"ab")) == bytearray(b"ab")
    assert across(int) is int


@pytest.mark.parametrize("make", [lambda: (x for x in (1, 2)), lambda: map(int, "12"), {1: 0, 2: 0}.keys])
def test_an_iterator_can_be_drained_once_and_equals_nothing(make: Any) -> None:
    arrived = across(make())
    assert arrived != [1, 2]
    assert list(arrived) == [1, 2]
    assert list(arrived) == []


def endless() -> Any:
    while True:
        yield 0


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        endless(),
        nested(MAX_DEPTH + 1),
        itself(),
        [0] * (MAX_ITEMS + 1),
        1 << MAX_INT_BITS,
        len,
        print,
        lambda: 0,
        Point,
        ...,
    ],
    ids=["endless", "deep", "recursive", "long", "huge", "builtin", "print", "lambda", "class", "ellipsis"],
)
def test_what_has_no_bounded_plain_value_is_refused(value: object) -> None:
    with pytest.raises(WireError):
        Encoder(lambda _: 0).encode(value)


@pytest.mark.parametrize(
    "data",
    [
        {"t": 3}, {"d": [[1]]}, {"d": [[[], 1]]}, {"s": [[]]}, {"b": "?"}, {"b": 1}, {"i": "x"}, {"i": 7}, {"f": "x"},
        {"c": [1]}, {"r": [0, 1, 0]}, {"ty": "eval"}, {"o": "1"}, {"o": True}, {"x": 1}, {}, {"t": [], "s": []},
        {"o": 1, "of": 2},
    ],
)  # fmt: skip
def test_a_malformed_tag_is_refused(data: object) -> None:
    with pytest.raises(WireError):
        Decoder().decode(data)


@pytest.mark.parametrize(
    "use",
    [
        lambda h: h == 1, lambda h: h != 1, lambda h: h < 1, bool, len, list, hash, lambda h: 1 in h,
        lambda h: [h] == [1],
    ],
)  # fmt: skip
def test_a_handle_has_no_value(use: Any) -> None:
    with pytest.raises(TypeError, match="Stack"):
        use(Handle(0, "Stack"))


def test_a_handle_crosses_back_as_the_object_it_stands_for() -> None:
    stays = object()
    sent = Encoder(lambda _: 7).encode([type("Own", (), {})()])
    assert sent == [{"o": 7, "of": "Own"}]
    assert Encoder().encode(Handle(7, "Own")) == {"o": 7, "of": "Own"}
    assert Decoder(lambda number, _: stays if number == 7 else None).decode(sent) == [stays]
