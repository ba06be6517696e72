"""Plain Python values as JSON and back, in exact builtin types.

Used on both sides of a sandbox, so: standard library only, Python 3.9 and later, no import of this project.
What is decoded is always of an exact builtin type, an opaque Handle or a one-shot iterator; nothing that comes over
the wire can bring behaviour of its own with it.

JSON          value
null true 1.5 "a" [..]      None bool float str list, and int below 2**53
{"i": "0x.."}               int
{"f": "nan"}                float that JSON has no word for
{"t": [..]} {"s": ..} {"fs": ..} {"q": ..}   tuple set frozenset deque
{"d": [[k, v], ..]}         dict
{"b": "base64"} {"ba": ..}  bytes bytearray
{"c": [re, im]}             complex
{"u": "hex"}                a text with two halves of one character side by side, UTF-8 with surrogates
{"r": [start, stop, step]}  range
{"it": [..]}                an iterator or generator, drained up to MAX_ITEMS
{"ty": "int"}               a builtin type
{"o": 3, "of": "Stack"}     an object that stays where it is
"""

from __future__ import annotations

import base64
import binascii
import collections
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

MAX_DEPTH = 150
MAX_ITEMS = 100_000
MAX_INT_BITS = 64_000
_EXACT_JSON_INT = 2**53


class WireError(Exception):
    """The value cannot cross, or what came is no value."""


def whole(text: str) -> int:
    """The integer that stands there in base 16.

    Raises:
        WireError: it is larger than any that can be sent.
    """
    value = int(text, 16)
    if value.bit_length() > MAX_INT_BITS:
        raise WireError(f"the integer has more than {MAX_INT_BITS} bits")
    return value


_TYPES: dict[str, type] = {
    kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, list, tuple, set, dict, type(None), object)
}
_SEQUENCES: dict[str, Callable[[Iterable[Any]], Any]] = {
    "t": tuple,
    "s": set,
    "fs": frozenset,
    "q": collections.deque,
    "it": iter,
}
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "i": whole,
    "f": float,
    "b": lambda text: base64.b64decode(text, validate=True),
    "ba": lambda text: bytearray(base64.b64decode(text, validate=True)),
    "ty": _TYPES.__getitem__,
    "u": lambda text: bytes.fromhex(text).decode("utf-8", "surrogatepass"),
}
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Handle:
    """An object that stays on the other side. Equal to nothing, true of nothing: only its methods can be called."""

    def __init__(self, number: int, class_name: str) -> None:
        """Stand for the other side's object `number`, of a class that people know as `class_name`."""
        self._wire_number = number
        self._wire_class = class_name

    def __repr__(self) -> str:
        return f"<{self._wire_class} object>"

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"a {self._wire_class} object of the solution has no plain value: call its methods")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __len__ = __iter__ = __contains__ = __hash__ = _refuse


class Encoder:
    """Turns one value into JSON; `keep` numbers the objects that have to stay, None refuses them."""

    def __init__(self, keep: Callable[[object], int] | None = None) -> None:
        self._keep = keep
        self._items = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The value's JSON.

        Raises:
            WireError: too deep, too many items, too large a number, or nothing that can cross.
        """
        self._count(depth)
        if value is None or value is True or value is False:
            return value
        for kind, method in _ENCODERS:
            if isinstance(value, kind):
                return method(self, value, depth)
        if hasattr(type(value), "__next__") or isinstance(value, _VIEWS):
            return {"it": self._list(value, depth)}
        return self._object(value)

    def _count(self, depth: int) -> None:
        self._items += 1
        if depth > MAX_DEPTH:
            raise WireError(f"the value is nested deeper than {MAX_DEPTH} levels")
        if self._items > MAX_ITEMS:
            raise WireError(f"the value has more than {MAX_ITEMS} items")

    def _list(self, values: Iterable[Any], depth: int) -> list[Any]:
        return [self.encode(value, depth + 1) for value in values]

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

    def _sequence(self, value: Any, depth: int) -> Any:
        tag = next(tag for tag, kind in _SEQUENCE_TYPES.items() if isinstance(value, kind))
        return {tag: self._list(value, depth)}

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        return {"d": [[self.encode(key, depth + 1), self.encode(item, depth + 1)] for key, item in dict.items(value)]}

    def _bytes(self, value: bytes | bytearray, _depth: int) -> Any:
        return {"ba" if isinstance(value, bytearray) else "b": base64.b64encode(bytes(value)).decode()}

    def _complex(self, value: complex, depth: int) -> Any:
        return {"c": [self._float(value.real, depth), self._float(value.imag, depth)]}

    def _range(self, value: range, depth: int) -> Any:
        return {"r": [self._int(part, depth) for part in (value.start, value.stop, value.step)]}

    def _type(self, value: type, _depth: int) -> Any:
        if _TYPES.get(value.__name__) is not value:
            raise WireError(f"the class {value.__name__} cannot cross")
        return {"ty": value.__name__}

    def _object(self, value: object) -> Any:
        if isinstance(value, Handle):
            return {"o": value._wire_number, "of": value._wire_class}
        if self._keep is None or callable(value) or type(value).__module__ == "builtins":
            raise WireError(f"a {type(value).__name__} cannot cross")
        return {"o": self._keep(value), "of": type(value).__name__}


_SEQUENCE_TYPES: dict[str, type] = {"t": tuple, "s": set, "fs": frozenset, "q": collections.deque}
_EMPTY: dict[Any, Any] = {}
_VIEWS = (type(_EMPTY.keys()), type(_EMPTY.values()), type(_EMPTY.items()))
_ENCODERS: tuple[tuple[Any, Callable[[Encoder, Any, int], Any]], ...] = (
    (int, Encoder._int),
    (float, Encoder._float),
    (str, Encoder._str),
    (list, Encoder._list),
    (tuple(_SEQUENCE_TYPES.values()), Encoder._sequence),
    (dict, Encoder._dict),
    ((bytes, bytearray), Encoder._bytes),
    (complex, Encoder._complex),
    (range, Encoder._range),
    (type, Encoder._type),
)


class Decoder:
    """Turns JSON into values; `resolve` makes something of an object that stayed on the other side."""

    def __init__(self, resolve: Callable[[int, str], object] = Handle) -> None:
        self._resolve = resolve

    def decode(self, data: Any, depth: int = 0) -> Any:
        """The value.

        Raises:
            WireError: the JSON is no value.
        """
        if depth > MAX_DEPTH:
            raise WireError("nested too deep")
        if data is None or isinstance(data, (bool, int, float, str)):
            return data
        if isinstance(data, list):
            return [self.decode(item, depth + 1) for item in data]
        return self._tagged(data, depth)

    def _tagged(self, data: Any, depth: int) -> Any:
        try:
            if "o" in data:
                return self._resolve(_checked(data["o"], int), _checked(data.get("of", ""), str)[:100])
            ((tag, body),) = data.items()
            return self._of_tag(tag, body, depth)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, binascii.Error) as error:
            raise WireError(f"not a value: {error}") from None

    def _of_tag(self, tag: str, body: Any, depth: int) -> Any:
        if tag in _SEQUENCES:
            return _SEQUENCES[tag](self.decode(_checked(body, list), depth))
        if tag == "d":
            return {self.decode(key, depth + 1): self.decode(item, depth + 1) for key, item in _checked(body, list)}
        if tag == "r":
            return range(*(self.decode(part, depth + 1) for part in _checked(body, list)))
        if tag in _FROM_TEXT:
            return _FROM_TEXT[tag](_checked(body, str))
        if tag == "c":
            real, imaginary = (float(self.decode(part, depth + 1)) for part in _checked(body, list))
            return complex(real, imaginary)
        raise WireError(f"unknown tag {tag[:20]!r}")


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise WireError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
