"""What crosses between a candidate and its judge."""

import collections
import contextlib
import io
import json
import math
import re
import time
import tracemalloc
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.grading.answers import answer, frame_of_answer
from executor.grading.wire import MAX_DEPTH, MAX_INT_BITS, MAX_ITEMS, NESTED, Decoder, Encoder, WireError
from executor.sandbox import MAX_FRAME

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


def kept(_value: object) -> dict[str, Any]:
    return {"o": 0, "of": "Own"}


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


@pytest.mark.parametrize("make", [lambda: (x for x in (1, 2)), lambda: map(int, "12"), lambda: iter({1: 0, 2: 0})])
def test_an_iterator_can_be_drained_once_and_equals_nothing(make: Any) -> None:
    arrived = across(make())
    assert arrived != [1, 2]
    assert list(arrived) == [1, 2]
    assert list(arrived) == []


def endless() -> Any:
    while True:
        yield 0


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        endless(),
        itself(),
        [0] * (MAX_ITEMS + 1),
        1 << MAX_INT_BITS,
        len,
        print,
        lambda: 0,
        Point,
        ...,
    ],
    ids=["endless", "recursive", "long", "huge", "builtin", "print", "lambda", "class", "ellipsis"],
)
def test_what_has_no_bounded_plain_value_is_refused(value: object) -> None:
    with pytest.raises(WireError):
        Encoder().encode(value)


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


half_characters = st.integers(0xD800, 0xDFFF).map(chr)
any_text = st.lists(st.characters() | half_characters, max_size=8).map("".join)
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
any_int = st.integers() | st.builds(
    lambda sign, bits, more: sign * (1 << bits) + more,
    st.sampled_from([1, -1]), st.sampled_from([53, 64, 4000]) | st.integers(0, MAX_INT_BITS - 1), st.integers(-1, 1),
)  # fmt: skip
hashable = (
    st.none()
    | st.booleans()
    | any_int
    | st.floats()
    | any_text.filter(lambda text: not PAIR.search(text))
    | st.binary()
    | st.complex_numbers()
    | st.builds(range, st.integers(), st.integers(), st.integers(min_value=1))
    | st.sampled_from([bool, int, float, complex, str, bytes, list, tuple, set, dict, type(None), object])
)
keys = st.recursive(
    hashable, lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3), max_leaves=5
)
every_value = st.recursive(
    hashable | st.binary().map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.lists(inner, max_size=4).map(collections.deque)
        | st.dictionaries(keys, inner, max_size=4)
        | st.sets(keys, max_size=4)
        | st.frozensets(keys, max_size=4)
    ),
    max_leaves=15,
)


def exact(value: Any) -> object:
    """The value with the type of each part beside it, so that 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    if isinstance(value, dict):
        return "dict", [(exact(key), exact(item)) for key, item in value.items()]
    if isinstance(value, (set, frozenset)):
        return type(value).__name__, sorted(str(exact(item)) for item in value)
    if isinstance(value, (list, tuple, collections.deque)):
        return type(value).__name__, [exact(item) for item in value]
    return type(value).__name__, hex(value) if type(value) is int else repr(value)


@given(every_value)
def test_every_value_of_the_exact_builtin_types_arrives_unchanged(value: object) -> None:
    assert exact(across(value)) == exact(value)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_integer_arrives(sign: int) -> None:
    largest = sign * ((1 << MAX_INT_BITS) - 1)
    assert (across(largest) - largest, across([largest])[0] - largest) == (0, 0)


def test_two_halves_of_a_character_stay_two() -> None:
    assert list(map(ord, across("\ud83d\ude00"))) == [0xD83D, 0xDE00]


FOREIGN: list[Any] = [
    ..., NotImplemented, len, print, lambda: 0, json, object(), ValueError("a"), Point,
    re.compile("a"), re.compile, io.BytesIO, str.join,
    "a".join, property(), staticmethod(len), collections.ChainMap({}), [].append, type(...),
]  # fmt: skip


@given(foreign=st.sampled_from(FOREIGN), beside=st.lists(every_value, max_size=2), deep=st.integers(0, 5))
def test_everything_else_is_refused_wherever_it_stands(foreign: object, beside: list[Any], deep: int) -> None:
    value: Any = [*beside, foreign]
    for level in range(deep):
        value = [value] if level % 2 else {"key": value}
    with pytest.raises(WireError):
        Encoder().encode(value)


WRAPS = [lambda v: [v], lambda v: (v,), lambda v: {0: v}, lambda v: frozenset([v]), lambda v: iter([v])]


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("levels", [NESTED, NESTED + 1, 10_000])
def test_however_deep_a_value_is_all_its_levels_arrive(wrap: Any, levels: int) -> None:
    value: Any = 0
    for _ in range(levels):
        value = wrap(value)
    arrived, found = across(value), 0
    while arrived != 0:
        (arrived,) = arrived.values() if isinstance(arrived, dict) else arrived
        found += 1
    assert found == levels


def test_one_part_deeper_than_any_that_is_sent_is_refused() -> None:
    data: Any = 0
    for _ in range(MAX_DEPTH + 1):
        data = [data]
    with pytest.raises(WireError):
        Decoder().decode(data)


tags = st.sampled_from(
    [*"tsdbicfroq", "fs", "ba", "it", "ty", "of", "x", "value", "args", "error", "missing", "classes", "cpu_s"]
)
words = st.sampled_from(
    ["0x1f", "-0x_1", "nan", "inf", "1e999", "AAAA", "AA=", "int", "NoneType", "eval", "\ud800", ""]
)
tagged_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(tags, inner, max_size=2),
    max_leaves=15,
)


@given(tagged_json)
def test_json_in_the_form_of_values_decodes_or_is_refused(data: object) -> None:
    with contextlib.suppress(WireError):
        Encoder(kept).encode(Decoder().decode(data))


def taken(frame: bytes, to: Literal["load", "call"], *, mutates: bool) -> None:
    """Take a candidate's frame as the host does, and what is handed on as the judge does."""
    reply = answer(frame, to=to, mutates=mutates)
    handed_on = frame_of_answer(reply)
    assert len(handed_on) <= MAX_FRAME
    assert reply.keys() <= {"value", "args", "shared", "back", "later", "error", "missing", "kinds", "cpu_s"}
    told = json.loads(handed_on)
    for data in [told.get("value"), *told.get("args", [])]:
        with contextlib.suppress(WireError):
            Decoder().decode(data)


@given(tagged_json, st.sampled_from(["load", "call"]), st.booleans())
def test_any_message_is_taken_as_an_answer_or_as_none(data: Any, to: Any, mutates: bool) -> None:  # noqa: FBT001
    taken(json.dumps(data).encode(), to, mutates=mutates)


@given(st.binary() | st.text().map(lambda text: text.encode("utf-16")), st.sampled_from(["load", "call"]))
def test_any_bytes_are_taken_as_an_answer_or_as_none(frame: bytes, to: Any) -> None:
    taken(frame, to, mutates=True)


@given(every_value, st.data())
def test_damaged_answers_are_taken_as_an_answer_or_as_none(value: object, data: st.DataObject) -> None:
    frame = bytearray(json.dumps({"value": Encoder().encode(value)}).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(frame)))
        frame[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    taken(bytes(frame), "call", mutates=False)


PIECES = [
    b"[],", b"{},", b'{"":0},', b"1,", b"1.1,", b'"a",', b"[[]],", b'{"s":[]},', b'{"d":[]},', b'{"i":"0xf"},',
    b'"\\ud800",', b"1" * 4200 + b",", b"0." + b"1" * 9000 + b",", b'{"it":[1]},', b'{"o":1,"of":"a"},', b"[" * 900,
    b'{"r":[' * 300, b'{"error":', b"1e-5000,", "é".encode(), b'{"t":[{"t":[]}]},',
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: ascii(piece[:12]))
def test_what_an_answer_costs_is_bounded_by_its_size(piece: bytes) -> None:
    much = piece * (200_000 // len(piece))
    frame = b'{"value":[' + much + b"0]}"
    began = time.process_time()
    taken(frame, "call", mutates=False)
    assert time.process_time() - began < 2
    tracemalloc.start()
    try:
        taken(frame, "call", mutates=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150 * len(frame)


@pytest.mark.parametrize("text", ["0x" + "f" * 4_000_000, "0x" + "_".join("f" * 2_000_000), "-0x" + "0" * 4_000_000])
def test_a_number_of_four_megabytes_is_soon_refused(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(WireError):
        assert Decoder().decode({"i": text}) == 0
    assert time.process_time() - began < 2


@pytest.mark.parametrize("tag", ["r", "c"])
def test_parts_of_numbers_count_as_levels(tag: str) -> None:
    data: Any = 1
    for _ in range(400):
        data = {tag: [data]}
    with pytest.raises(WireError):
        Decoder().decode(data)


BASES = [str, int, float, complex, bytes, bytearray, list, tuple, set, frozenset, dict,
         collections.deque]  # fmt: skip


def refuse(*_: object) -> Any:
    raise RuntimeError("asked for its own opinion")


def pretending(base: type) -> type:
    """A subclass whose own ways of telling what it is are all lies or errors."""
    lies = (
        "__eq__",
        "__ne__",
        "__lt__",
        "__bool__",
        "__str__",
        "__repr__",
        "__reduce__",
        "__format__",
        "items",
        "keys",
    )
    return type("Pretending", (base,), {**dict.fromkeys(lies, refuse), "__hash__": lambda _: 0})


@given(st.data(), st.integers(0, 3))
def test_a_subclass_of_any_base_arrives_as_that_base_and_nothing_else(data: st.DataObject, deep: int) -> None:
    value: Any = data.draw(every_value.filter(lambda each: type(each) in BASES))
    hidden = pretending(type(value))(value)
    wrapped: Any = hidden
    for _ in range(deep):
        wrapped = [wrapped]
    arrived = across(wrapped)
    for _ in range(deep):
        (arrived,) = arrived
    assert exact(arrived) == exact(value)


@given(st.binary() | st.text().map(str.encode) | st.recursive(st.sampled_from([b"1", b'"a"', b"null", b"1e999"]),
       lambda x: x.map(lambda b: b"[" + b + b"]") | x.map(lambda b: b'{"s":' + b + b"}")))  # fmt: skip
def test_any_bytes_that_are_json_decode_or_are_refused(frame: bytes) -> None:
    try:
        data = json.loads(frame)
    except ValueError:
        return
    with contextlib.suppress(WireError):
        Decoder().decode(data)
