"""How answers are wrong, from the values alone: what was expected, what came, and for which arguments.

Nothing here knows the task. Values are read from the literals that a verdict keeps; a text that is long, clipped or no
literal is only asked for its kind, so that no answer, however hostile, costs more than its share.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from memory.attempts import Assertion
from memory.literals import literal

MAX_READ = 10
"""Of the failed assertions, and of those that held."""
MAX_CHARS = 300
NEARLY = 1e-6
KINDS_NAMED = 3
ITEMS_LOOKED_AT = 50

Way = tuple[str, ...]
"""In what way an answer is wrong, from the general to the special."""

TELLING = frozenset(
    {"kind", "sign", "precision", "complex", "by-one", "case", "white-space", "reversed", "reordered", "repeats"}
    | {"empty", "no-start", "no-end", "more-at-start", "more-at-end"}
)
"""Parts of a way that say what is wrong. The others, such as "too low" or "False for True", hold for many mistakes."""

_COSTLY = re.compile(r"\b(?:range|bytearray)\s*\(|(?:[-+~]\s*){9}")
"""What a short text can make a large value or a deep tree with."""
_WORDS: dict[str, object] = {"True": True, "False": False, "None": None}
_FIRST = {"[": "list", "(": "list", "{": "dict", "'": "str", '"': "str", "<": "object", "-": "number"}


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """How the answers to all failed assertions are wrong, in words; empty where there is nothing to say.

    Attributes:
        way: what all have in common, from the general to the special, as in `list/reordered`.
        only: what their arguments have and those of the right answers have not: `empty`, `negative` or `zero`.
        instead: what all of them are made of their arguments, as in `argument 1` or `sorted`.
        telling: whether this says what is wrong, so that other mistakes in the same place look otherwise.
    """

    way: str
    only: str
    instead: str
    telling: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A value whose text was not read; `kind` is what its first character says."""

    kind: str


def wrong_answers(failed: Sequence[Assertion], held: Sequence[Assertion], *, raw: bool = False) -> WrongAnswers:
    """What the first 10 failed assertions and the first 10 that held say; `raw`: their texts are no literals."""
    read = _as_text if raw else _value
    failed, held = failed[:MAX_READ], held[:MAX_READ]
    answers, arguments = [read(each.actual) for each in failed], [read(each.arguments) for each in failed]
    ways = [_way(answer, _expected(read(each.expected), answer)) for answer, each in zip(answers, failed, strict=True)]
    way = _common(ways)
    only, instead = _only(arguments, [read(each.arguments) for each in held]), _instead(arguments, answers)
    return WrongAnswers("/".join(way), only, instead, bool(only or instead or TELLING & set(way)))


def _value(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if not text or len(text) > MAX_CHARS or _COSTLY.search(text):
        return _unread(text)
    try:
        return literal(text)
    except (ValueError, OverflowError, RecursionError):
        return _unread(text)


def _unread(text: str) -> Unread:
    first = text[:1]
    return Unread("number" if first.isdigit() else _FIRST.get(first, "other" if text else "nothing"))


def _as_text(text: str) -> object:
    return text if len(text) <= MAX_CHARS else Unread("str")


def _expected(expected: object, answer: object) -> object:
    """What was wanted; an assertion without a comparison wants another truth than that of the answer."""
    return not answer if expected == Unread("nothing") and isinstance(answer, bool) else expected


def _common(ways: Sequence[Way]) -> Way:
    """What the ways have in common; where that is nothing, their general parts, at most three."""
    common = tuple(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*ways, strict=False)))
    return common or ("+".join(sorted({way[0] for way in ways})[:KINDS_NAMED]),)


def _way(actual: object, expected: object) -> Way:
    mine, theirs = _kind(actual), _kind(expected)
    if isinstance(actual, Unread) or isinstance(expected, Unread):
        return ("unread", f"{mine} for {theirs}")
    if mine != theirs:
        return ("kind", f"{mine} for {theirs}")
    return next((judge(actual, expected) for kind, judge in _JUDGES if kind == theirs), (theirs,))


def _kind(value: object) -> str:
    """A word for the type: all numbers are of one kind, lists and tuples of one, sets of one."""
    if isinstance(value, Unread):
        return value.kind
    if isinstance(value, bool):
        return "bool"
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        ((int, float, complex), "number"), ((list, tuple), "list"), ((set, frozenset), "set"), (type(None), "None"),
    )  # fmt: skip
    return next((name for kinds, name in names if isinstance(value, kinds)), type(value).__name__)


def _bools(actual: object, _: object) -> Way:
    return ("bool", f"{actual} for {not actual}")


def _types(actual: object, expected: object) -> Way:
    return ("kind", f"{type(actual).__name__} for {type(expected).__name__}")


def _numbers(actual: complex, expected: complex) -> Way:
    if actual == expected:
        return _types(actual, expected)
    if isinstance(actual, complex) or isinstance(expected, complex):
        return ("number", "complex")
    if actual == -expected:
        return ("number", "sign")
    try:
        if math.isclose(actual, expected, rel_tol=NEARLY):
            return ("number", "precision")
        by_one = abs(actual - expected) == 1
    except OverflowError:  # an integer beyond all floats
        by_one = False
    return ("number", "low" if actual < expected else "high", *(["by-one"] if by_one else []))


def _texts(actual: str, expected: str) -> Way:
    tests: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("empty", lambda: not actual),
        ("not-empty", lambda: not expected),
        ("case", lambda: actual.casefold() == expected.casefold()),
        ("white-space", lambda: "".join(actual.split()) == "".join(expected.split())),
        ("reversed", lambda: actual == expected[::-1]),
        ("no-end", lambda: expected.startswith(actual)),
        ("no-start", lambda: expected.endswith(actual)),
        ("more-at-end", lambda: actual.startswith(expected)),
        ("more-at-start", lambda: actual.endswith(expected)),
        ("reordered", lambda: Counter(actual) == Counter(expected)),
    )
    return ("str", next((word for word, holds in tests if holds()), _size(actual, expected)))


def _size(actual: Sequence[object], expected: Sequence[object]) -> str:
    return "same-length" if len(actual) == len(expected) else "shorter" if len(actual) < len(expected) else "longer"


def _lists(actual: Sequence[object], expected: Sequence[object]) -> Way:
    mine, theirs = list(actual), list(expected)
    if mine == theirs:
        return _types(actual, expected)
    if not mine or not theirs:
        return ("list", "not-empty" if mine else "empty")
    if items := _other_items(Counter(map(repr, mine)), Counter(map(repr, theirs))):
        return ("list", items, *(["reversed"] if mine == theirs[::-1] else []))
    if len(mine) != len(theirs):
        return ("list", _size(mine, theirs))
    ways = [_way(here, there) for here, there in zip(mine, theirs, strict=True) if repr(here) != repr(there)]
    return ("list", "items", *_common(ways[:ITEMS_LOOKED_AT]))


def _other_items(ours: Counter[str], wanted: Counter[str]) -> str:
    """How the items differ, whatever their places; empty if some are missing and others are too many."""
    if ours == wanted:
        return "reordered"
    if ours.keys() == wanted.keys():
        return "repeats"
    return "missing" if ours <= wanted else "more" if wanted <= ours else ""


def _sets(actual: Set[object], expected: Set[object]) -> Way:
    if actual == expected:
        return _types(actual, expected)
    return ("set", "missing" if actual < expected else "more" if expected < actual else "others")


def _dicts(actual: dict[object, object], expected: dict[object, object]) -> Way:
    if actual.keys() == expected.keys():
        return ("dict", "values")
    return ("dict", *_sets(actual.keys(), expected.keys())[1:])


_JUDGES: tuple[tuple[str, Callable[..., Way]], ...] = (
    ("bool", _bools),
    ("number", _numbers),
    ("str", _texts),
    ("list", _lists),
    ("set", _sets),
    ("dict", _dicts),
)


def _only(failed: Sequence[object], held: Sequence[object]) -> str:
    tests: tuple[tuple[str, Callable[[object], bool]], ...] = (
        ("empty", lambda given: any(part in ("", [], (), {}) for part in _arguments(given))),
        ("negative", lambda given: any(isinstance(part, int | float) and part < 0 for part in _with_items(given))),
        ("zero", lambda given: any(part == 0 and not isinstance(part, bool) for part in _arguments(given))),
    )
    if not held:
        return ""
    return next((word for word, has in tests if all(map(has, failed)) and not any(map(has, held))), "")


def _arguments(given: object) -> list[object]:
    return given if isinstance(given, list) else []


def _with_items(given: object) -> list[object]:
    arguments = _arguments(given)
    inside = [item for part in arguments if isinstance(part, list | tuple) for item in part[:ITEMS_LOOKED_AT]]
    return [*arguments, *inside]


_MADE: tuple[tuple[str, Callable[[list[Any]], object]], ...] = (
    ("argument 1", lambda given: given[0]),
    ("argument 2", lambda given: given[1]),
    ("argument 3", lambda given: given[2]),
    ("sorted", lambda given: sorted(given[0])),
    ("reversed", lambda given: given[0][::-1]),
    ("length", lambda given: len(given[0])),
    ("sum", lambda given: sum(given[0])),
    ("largest", lambda given: max(given[0])),
    ("smallest", lambda given: min(given[0])),
    ("absolute", lambda given: abs(given[0])),
)


def _instead(arguments: Sequence[object], answers: Sequence[object]) -> str:
    """Nothing where an answer is so plain that it may come from anywhere."""
    if any(isinstance(answer, bool | Unread) or answer in (None, [], (), "", 0, 1) for answer in answers):
        return ""
    pairs = [(_arguments(given), answer) for given, answer in zip(arguments, answers, strict=True)]
    return next((word for word, make in _MADE if all(_makes(make, given, answer) for given, answer in pairs)), "")


def _makes(make: Callable[[list[Any]], object], given: list[object], answer: object) -> bool:
    try:
        return bool(make(given) == answer)
    except (TypeError, ValueError, LookupError, OverflowError):
        return False
