"""Python values as JSON and back: plain data as itself, every other object as a number that stands for it.

Used on both sides of a sandbox, so: standard library only, Python 3.9 and later, no import of this project.
What is decoded is always of an exact builtin or standard type, or what `resolve` makes of an object's number; nothing
that comes over the wire can bring behaviour of its own with it.

JSON          value
null true 1.5 "a" [..]      None bool float str list, and int below 2**53
{"i": "0x.."}               int
{"f": "nan"}                float that JSON has no word for
{"t": [..]} {"s": ..} {"fs": ..} {"q": ..}   tuple set frozenset deque; {"su": ..} {"fu": ..} see in_order
{"d": [[k, v], ..]}         dict; likewise {"od": ..} OrderedDict, {"cn": ..} Counter, {"dd": ..} defaultdict, without
                            its factory; {"dk": [..]} {"dv": ..} {"di": ..} its keys, values and items
{"b": "base64"} {"ba": ..} {"mv": ..}        bytes bytearray memoryview
{"c": [re, im]}             complex
{"u": "hex"}                a text with two halves of one character side by side, UTF-8 with surrogates
{"r": [start, stop, step]}  range; likewise {"sl": ..} slice
{"de": "1.10"} {"fr": [1, 2]}                Decimal Fraction
{"at": ["date", ..]}        date, time, datetime (as text), timedelta (days, seconds, microseconds)
{"ar": ["i", [..]]}         array.array
{"it": [..]}                an iterator or generator, drained up to MAX_ITEMS
{"ty": "int"}               a builtin type, the builtin exceptions among them
{"o": 3, "of": "Stack"}     an object that stays where it is; "as": the plain value of its builtin base, if it has one
{"j": 3, ..} {"fn": "len"}  an object of the checks; a builtin function
{"=": [3, ..]} {"==": 3}    a container that the other side may change, at its first place; the same one again
{"deep": [.., ..]}          a value nested deeper than NESTED levels: the first part, in which {"@": 1} is the second
"""

from __future__ import annotations

import array
import base64
import binascii
import builtins
import collections
import datetime as dt
import decimal
import fractions
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

NESTED = 100
"""Levels of one part."""
MAX_DEPTH = 150
"""That a decoder follows in one part; an object's plain value adds a few to those that are encoded."""
MAX_ITEMS = 2_000_000
MAX_INT_BITS = 1 << 20
_EXACT_JSON_INT = 2**53
OWN = ("solution", "checks")
"""The modules whose classes are told apart from the builtin ones that they derive from."""


class WireError(Exception):
    """The value cannot cross, or what came is no value."""


def whole(text: str) -> int:
    """The integer that stands there in base 16.

    Raises:
        WireError: it is larger than any that can be sent.
    """
    if len(text) > MAX_INT_BITS // 4 + 4:
        raise WireError(f"the integer has more than {MAX_INT_BITS} bits")
    return int(text, 16)


_DAYS: dict[str, Callable[..., Any]] = {
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "timedelta": dt.timedelta,
}
_TYPES: dict[str, type] = {
    name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and kind.__name__ == name
}
_TYPES["NoneType"] = type(None)
_EMPTY: dict[Any, Any] = {}
VIEWS: dict[type, str] = {type(_EMPTY.keys()): "dk", type(_EMPTY.values()): "dv", type(_EMPTY.items()): "di"}


def _rebuilt(items: list[Any]) -> set[Any]:
    """A set that was made from another one, which leaves its members in another order than making it from a list."""
    made: set[Any] = set()
    made.update(set(items))
    return made


_OF_PAIRS: dict[str, Callable[[dict[Any, Any]], Any]] = {
    "d": dict,
    "od": collections.OrderedDict,
    "cn": collections.Counter,
    "dd": lambda pairs: collections.defaultdict(None, pairs),
    "di": lambda pairs: pairs.items(),
}
_SEQUENCES: dict[str, Callable[[list[Any]], Any]] = {
    "t": tuple,
    "s": set,
    "fs": frozenset,
    "su": _rebuilt,
    "fu": lambda items: frozenset(_rebuilt(items)),
    "q": collections.deque,
    "it": iter,
    "dk": lambda items: dict.fromkeys(items).keys(),
    "dv": lambda items: dict(enumerate(items)).values(),
}
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "i": whole,
    "f": float,
    "b": lambda text: base64.b64decode(text, validate=True),
    "ba": lambda text: bytearray(base64.b64decode(text, validate=True)),
    "mv": lambda text: memoryview(base64.b64decode(text, validate=True)),
    "ty": _TYPES.__getitem__,
    "u": lambda text: bytes.fromhex(text).decode("utf-8", "surrogatepass"),
    "de": lambda text: decimal.Decimal(text[:MAX_INT_BITS]),
}
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Encoder:
    """Turns one value into JSON; `keep` gives the form of an object that stays, without `keep` there are none."""

    def __init__(
        self,
        keep: Callable[[Any], dict[str, Any]] | None = None,
        *,
        drain: bool = True,
        shared: dict[int, tuple[int, Any]] | None = None,
        numbers: bool = False,
    ) -> None:
        """Without `drain` iterators are objects that stay. `shared` are containers by their id, each with its number;
        with `numbers` those that are met join them.
        """
        self._keep, self._drain, self._shared, self._numbers = keep, drain, shared, numbers
        self._items = 0
        self._deep: list[Any] = []

    def encode(self, value: Any, *, content: bool = False) -> Any:
        """The value's JSON; `content` gives a shared container's own, not its number.

        Raises:
            WireError: too many items, too large a number, or nothing that can cross.
        """
        first = _EXACT[type(value)](self, value, 0) if content else self._tree(value, 0)
        parts = [self._tree(part, 0) for part in self._deep]  # which grows meanwhile
        return {"deep": [first, *parts]} if parts else first

    def _tree(self, value: Any, depth: int) -> Any:
        self._count(1)
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if depth >= NESTED and kind not in _LEAVES:
            self._deep.append(value)
            return {"@": len(self._deep)}
        method = _EXACT.get(kind)
        if method is None:
            return self._other(value, kind, depth)
        if self._shared is not None and kind in MUTABLE:
            return self._by_number(value, method, depth)
        return method(self, value, depth)

    def _by_number(self, value: Any, method: Callable[[Encoder, Any, int], Any], depth: int) -> Any:
        """A container that both sides know by its number, or that joins them."""
        shared: dict[int, tuple[int, Any]] = self._shared or {}
        if id(value) in shared:
            return {"==": shared[id(value)][0]}
        if not self._numbers or self._shared is None:
            return method(self, value, depth)
        number = len(self._shared)
        self._shared[id(value)] = (number, value)
        return {"=": [number, method(self, value, depth)]}

    def _other(self, value: Any, kind: type, depth: int) -> Any:
        """The form of what is no plain value: of a subclass, an iterator, or an object that stays."""
        base = exact_base(kind)
        own = kind.__module__ in OWN or (base is tuple and hasattr(kind, "_fields"))
        if base is not None and (self._keep is None or not own):
            return _EXACT[base](self, value, depth)
        if base is not None and self._keep is not None:
            return {**self._keep(value), "as": _EXACT[base](self, value, depth + 1)}
        if isinstance(value, type) and _TYPES.get(value.__name__) is value:
            return {"ty": value.__name__}
        if hasattr(kind, "__next__") and self._drain:
            return {"it": self._list(value, depth)}
        if self._keep is not None:
            return self._keep(value)
        raise WireError(f"a {kind.__name__} cannot cross")

    def _count(self, more: int) -> None:
        self._items += more
        if self._items > MAX_ITEMS:
            raise WireError(f"the value has more than {MAX_ITEMS} items")

    def _list(self, values: Iterable[Any], depth: int) -> list[Any]:
        return [self._tree(value, depth + 1) for value in values]

    def _plain_list(self, values: list[Any], depth: int) -> Any:
        """A long list of one kind of numbers or texts goes as it is."""
        items = list(list.__iter__(values))
        if len(items) > _LONG and _crosses_as_it_is(items):
            self._count(len(items))
            return items
        return self._list(items, depth)

    def _int(self, value: int, _depth: int) -> Any:
        value = int.__index__(value)
        if value.bit_length() > MAX_INT_BITS:
            raise WireError(f"the integer has more than {MAX_INT_BITS} bits")
        return value if -_EXACT_JSON_INT < value < _EXACT_JSON_INT else {"i": hex(value)}

    def _float(self, value: float, _depth: int) -> Any:
        value = float.__float__(value)
        return value if math.isfinite(value) else {"f": repr(value)}

    def _str(self, value: str, _depth: int) -> Any:
        text = str.__str__(value)
        if _HALVES.search(text):  # JSON would join them
            return {"u": text.encode("utf-8", "surrogatepass").hex()}
        return text

    def _tuple(self, value: tuple[Any, ...], depth: int) -> Any:
        return {"t": self._list(tuple.__iter__(value), depth)}

    def _set(self, value: set[Any], depth: int) -> Any:
        return {in_order(items := list(set.__iter__(value)), "s", "su"): self._list(items, depth)}

    def _frozenset(self, value: frozenset[Any], depth: int) -> Any:
        return {in_order(items := list(frozenset.__iter__(value)), "fs", "fu"): self._list(items, depth)}

    def _deque(self, value: collections.deque[Any], depth: int) -> Any:
        return {"q": self._list(collections.deque.__iter__(value), depth)}

    def _pairs(self, tag: str, pairs: Iterable[tuple[Any, Any]], depth: int) -> Any:
        return {tag: [[self._tree(key, depth + 1), self._tree(item, depth + 1)] for key, item in pairs]}

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        return self._pairs("d", dict.items(value), depth)

    def _ordered_dict(self, value: collections.OrderedDict[Any, Any], depth: int) -> Any:
        return self._pairs("od", collections.OrderedDict.items(value), depth)

    def _counter(self, value: collections.Counter[Any], depth: int) -> Any:
        return self._pairs("cn", dict.items(value), depth)

    def _defaultdict(self, value: collections.defaultdict[Any, Any], depth: int) -> Any:
        return self._pairs("dd", dict.items(value), depth)

    def _view(self, value: Any, depth: int) -> Any:
        tag, items = VIEWS[type(value)], list(value)
        return self._pairs(tag, items, depth) if tag == "di" else {tag: self._list(items, depth)}

    def _bytes(self, value: bytes, _depth: int) -> Any:
        return {"b": base64.b64encode(bytes.__getitem__(value, slice(None))).decode()}

    def _bytearray(self, value: bytearray, _depth: int) -> Any:
        return {"ba": base64.b64encode(bytearray.__getitem__(value, slice(None))).decode()}

    def _memoryview(self, value: memoryview, _depth: int) -> Any:
        if not value.readonly and self._numbers:
            raise WireError("a view of memory that can be written to cannot cross")
        return {"mv": base64.b64encode(value.tobytes()).decode()}

    def _complex(self, value: complex, depth: int) -> Any:
        return {"c": [self._float(value.real, depth), self._float(value.imag, depth)]}

    def _range(self, value: range, depth: int) -> Any:
        return {"r": [self._int(part, depth) for part in (value.start, value.stop, value.step)]}

    def _slice(self, value: slice, depth: int) -> Any:
        return {"sl": self._list((value.start, value.stop, value.step), depth)}

    def _decimal(self, value: decimal.Decimal, _depth: int) -> Any:
        return {"de": decimal.Decimal.__str__(value)}

    def _fraction(self, value: fractions.Fraction, depth: int) -> Any:
        return {"fr": [self._int(value.numerator, depth), self._int(value.denominator, depth)]}

    def _day(self, value: Any, _depth: int) -> Any:
        zone = getattr(value, "tzinfo", None)
        if zone is not None and type(zone) is not dt.timezone:
            raise WireError("a time with a zone of its own cannot cross")
        kind = next(name for name in ("datetime", "date", "time") if isinstance(value, getattr(dt, name)))
        return {"at": [kind, value.isoformat()]}

    def _timedelta(self, value: dt.timedelta, _depth: int) -> Any:
        return {"at": ["timedelta", value.days, value.seconds, value.microseconds]}

    def _array(self, value: array.array[Any], depth: int) -> Any:
        return {"ar": [value.typecode, self._list(value.tolist(), depth)]}


_LONG = 64
_EXACT: dict[type, Callable[[Encoder, Any, int], Any]] = {
    int: Encoder._int,
    float: Encoder._float,
    str: Encoder._str,
    list: Encoder._plain_list,
    tuple: Encoder._tuple,
    set: Encoder._set,
    frozenset: Encoder._frozenset,
    collections.deque: Encoder._deque,
    dict: Encoder._dict,
    collections.OrderedDict: Encoder._ordered_dict,
    collections.Counter: Encoder._counter,
    collections.defaultdict: Encoder._defaultdict,
    bytes: Encoder._bytes,
    bytearray: Encoder._bytearray,
    memoryview: Encoder._memoryview,
    complex: Encoder._complex,
    range: Encoder._range,
    slice: Encoder._slice,
    decimal.Decimal: Encoder._decimal,
    fractions.Fraction: Encoder._fraction,
    dt.datetime: Encoder._day,
    dt.date: Encoder._day,
    dt.time: Encoder._day,
    dt.timedelta: Encoder._timedelta,
    array.array: Encoder._array,
    **dict.fromkeys(VIEWS, Encoder._view),
}
MUTABLE = (
    list, dict, set, bytearray, collections.deque, collections.OrderedDict, collections.Counter,
    collections.defaultdict,
)  # fmt: skip
_LEAVES = {int, float, str, bytes, bytearray, memoryview, complex, range, decimal.Decimal, fractions.Fraction}


def exact_base(kind: type) -> type | None:
    """The plain class that this one derives from; None if there is none."""
    return next((each for each in type.mro(kind) if each in _EXACT), None)


def in_order(items: list[Any], tag: str, rebuilt: str) -> str:
    """The tag under which a set is made again with its members in this order, as far as that can be had."""
    try:
        return tag if list(set(items)) == items or list(_rebuilt(items)) != items else rebuilt
    except Exception:  # noqa: BLE001  members that stay behind may compare as they like
        return tag


def _crosses_as_it_is(items: list[Any]) -> bool:
    kinds = set(map(type, items))
    if kinds == {int}:
        return bool(min(items) > -_EXACT_JSON_INT and max(items) < _EXACT_JSON_INT)
    return kinds == {str} and not _HALVES.search("".join(items))


def _stays(form: Mapping[str, Any]) -> object:
    raise WireError(f"no object can be named here, not {str(form)[:40]}")


class Decoder:
    """Turns JSON into values; `resolve` makes something of an object's form, its "as" a value already."""

    def __init__(
        self, resolve: Callable[[Mapping[str, Any]], Any] = _stays, *, shared: dict[int, Any] | None = None
    ) -> None:
        """`shared` are containers by their numbers; those that are met join them."""
        self._resolve = resolve
        self._shared: dict[int, Any] = {} if shared is None else shared
        self._deep: dict[int, Any] = {}

    def decode(self, data: Any) -> Any:
        """The value.

        Raises:
            WireError: the JSON is no value.
        """
        if isinstance(data, dict) and "deep" in data:
            return self._decode_deep(_checked(data["deep"], list))
        return self._value(data, 0)

    def _decode_deep(self, parts: list[Any]) -> Any:
        for number in range(len(parts) - 1, 0, -1):  # each names later ones only
            self._deep[number] = self._value(parts[number], 0)
        if not parts:
            raise WireError("a value without parts")
        return self._value(parts[0], 0)

    def _value(self, data: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError("nested too deep")
        if data is None or isinstance(data, (bool, int, float, str)):
            return data
        if isinstance(data, list):
            if len(data) > _LONG and set(map(type, data)) <= {int, str}:
                return list(data)
            return [self._value(item, depth + 1) for item in data]
        return self._tagged(data, depth)

    def _tagged(self, data: Any, depth: int) -> Any:
        try:
            if "o" in data or "j" in data or "fn" in data:
                return self._resolve({**data, "as": self._base(data["as"], depth + 1)} if "as" in data else data)
            ((tag, body),) = data.items()
            return self._of_tag(tag, body, depth)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, binascii.Error) as error:
            raise WireError(f"not a value: {type(error).__name__}: {error}") from None

    def _base(self, data: Any, depth: int) -> Any:
        value = self._value(data, depth)
        if type(value) not in _EXACT:
            raise WireError(f"no class derives its value from a {type(value).__name__}")
        return value

    def _of_tag(self, tag: str, body: Any, depth: int) -> Any:
        if tag in _SEQUENCES:
            return _SEQUENCES[tag](self._value(_checked(body, list), depth))
        if tag in _OF_PAIRS:
            pairs = {self._value(key, depth + 1): self._value(item, depth + 1) for key, item in _checked(body, list)}
            return _OF_PAIRS[tag](pairs)
        if tag in _FROM_TEXT:
            return _FROM_TEXT[tag](_checked(body, str))
        if tag in ("@", "=="):
            return (self._deep if tag == "@" else self._shared)[_checked(body, int)]
        if tag == "=":
            number, content = _checked(body, list)
            made = self._shared[_checked(number, int)] = self._value(content, depth)
            return made
        return self._of_parts(tag, [self._value(part, depth + 1) for part in _checked(body, list)])

    def _of_parts(self, tag: str, parts: list[Any]) -> Any:
        if tag in ("r", "sl"):
            return (range if tag == "r" else slice)(*parts)
        if tag == "c":
            real, imaginary = map(float, parts)
            return complex(real, imaginary)
        if tag == "fr":
            return fractions.Fraction(*(_checked(part, int) for part in parts))
        if tag == "at":
            return _DAYS[parts[0]](*parts[1:])
        if tag == "ar":
            return array.array(*parts)
        raise WireError(f"unknown tag {tag[:20]!r}")


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise WireError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
