"""What went wrong, read from the text that tells of a failure."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from utils.rehearsal.reading import lacks_code

MAX_LITERAL = 2000


class Mistake(StrEnum):
    """Kinds of mistakes; the value is the error class that a reflection names."""

    NO_CODE = "no code in the reply"
    SYNTAX = "syntax error"
    NOT_DEFINED = "entry point not defined"
    NAME = "missing import"
    TOO_SLOW = "too slow or endless"
    MEMORY = "out of memory"
    RECURSION = "endless recursion"
    INDEX = "index out of range"
    KEY = "missing key"
    DIVISION = "division by zero"
    NONE = "None in place of a value"
    EMPTY = "wrong answer on empty input"
    TYPE = "wrong type of the result"
    NEGATIVE = "wrong answer on negative numbers"
    OFF_BY_ONE = "off by one"
    ORDER = "right items in the wrong order"
    PRECISION = "floating point precision"
    OTHER_ERROR = "unexpected exception"
    NOTHING = "none"
    WRONG = "wrong answer"


_SIGNS: tuple[tuple[Mistake, str], ...] = (
    (Mistake.NO_CODE, r"holds no Python code|reply is empty"),
    (Mistake.SYNTAX, r"\b(?:SyntaxError|IndentationError|TabError)\b"),
    (Mistake.NOT_DEFINED, r"does not define|is not defined in the (?:solution|reply)"),
    (Mistake.NAME, r"\b(?:NameError|ModuleNotFoundError|UnboundLocalError)\b"),
    (Mistake.RECURSION, r"\bRecursionError\b"),
    (Mistake.TOO_SLOW, r"took too long|timed out|\btimeout\b|TimeoutError|cpu_limit|too slow"),
    (Mistake.MEMORY, r"\bMemoryError\b|out of memory|\boom\b"),
    (Mistake.INDEX, r"\bIndexError\b"),
    (Mistake.KEY, r"\bKeyError\b"),
    (Mistake.DIVISION, r"\bZeroDivisionError\b"),
)
_LAST_SIGNS: tuple[tuple[Mistake, str], ...] = (
    (Mistake.TYPE, r"\bTypeError\b"),
    (Mistake.OTHER_ERROR, r"\b(?!Assertion)[A-Z]\w*Error\b"),
)
_SHOWN = re.compile(
    r"(?:^[ \t]*(?:call|input)[ \t]*[:=](?P<call>.*)\n)?(?:^[ \t]*(?:arguments|args)[ \t]*[:=](?P<arguments>.*)\n)?"
    r"^[ \t]*expected[ \t]*[:=](?P<expected>.*)\n[ \t]*(?:actual|got)[ \t]*[:=](?P<actual>.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_INLINE = re.compile(
    r"\bexpected\b[ \t:=]*(?P<expected>.+?)[,;.]?[ \t]*(?:\bbut\b[ \t]*)?"
    r"\b(?:actual|actually|got|returned|received)\b[ \t:=]*(?P<actual>.+?)[.;]?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_PASSED = re.compile(r"\ball checks passed\b", re.IGNORECASE)
_EMPTY = re.compile(r"\[\]|\{\}|(?<![\w)])\(\)|(?<!\w)''|(?<!\w)\"\"|\bset\(\)|\w\(\)")
_NEGATIVE = re.compile(r"(?<![\w.)\]])-\d")


@dataclass(frozen=True, slots=True)
class _Answer:
    """A wrong answer as the message shows it."""

    arguments: str
    expected: Any
    actual: Any


def mistake_in(text: str) -> Mistake:
    """The kind of mistake that a failure's text shows; `wrong answer` if it shows nothing more.

    What ended the program is looked for first, then how the answer is wrong (the first place that tells both what was
    expected and what came), then any other exception.
    """
    if lacks_code(text):
        return Mistake.NO_CODE
    answer = _answer_in(text)
    shown = None if answer is None else next((kind for kind, test in _TESTS if test(answer)), None)
    return _first_sign(_SIGNS, text) or shown or _first_sign(_LAST_SIGNS, text) or _without_a_sign(text)


def _without_a_sign(text: str) -> Mistake:
    passed = _PASSED.search(text) and not _SHOWN.search(text) and not _INLINE.search(text)
    return Mistake.NOTHING if passed else Mistake.WRONG


def _first_sign(signs: tuple[tuple[Mistake, str], ...], text: str) -> Mistake | None:
    return next((kind for kind, sign in signs if re.search(sign, text)), None)


def _answer_in(text: str) -> _Answer | None:
    shown = _SHOWN.search(text)
    found = shown or _INLINE.search(text)
    if found is None:
        return None
    try:
        values = _literal(found["expected"]), _literal(found["actual"])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    arguments = (shown["arguments"] or shown["call"] or "") if shown else ""
    return _Answer(arguments[:MAX_LITERAL], *values)


def _literal(text: str) -> Any:  # noqa: ANN401  a literal of any plain type
    text = text.strip().strip("`")
    if len(text) > MAX_LITERAL:
        raise ValueError("too long to look at")
    return ast.literal_eval(text)


def _nothing(answer: _Answer) -> bool:
    return answer.actual is None and answer.expected is not None


def _other_type(answer: _Answer) -> bool:
    numbers = (int, float)
    both = isinstance(answer.expected, numbers) and isinstance(answer.actual, numbers)
    return type(answer.expected) is not type(answer.actual) and not both


def _empty(answer: _Answer) -> bool:
    return _EMPTY.search(answer.arguments) is not None


def _negative(answer: _Answer) -> bool:
    return _NEGATIVE.search(answer.arguments) is not None


def _precision(answer: _Answer) -> bool:
    floats = isinstance(answer.expected, float) and isinstance(answer.actual, float)
    return floats and abs(answer.expected - answer.actual) <= 1e-3 * max(1.0, abs(answer.expected))


def _off_by_one(answer: _Answer) -> bool:
    sized = (list, tuple, str)
    if isinstance(answer.expected, sized) and isinstance(answer.actual, sized):
        return abs(len(answer.expected) - len(answer.actual)) == 1
    whole = type(answer.expected) is int and type(answer.actual) is int
    return whole and abs(answer.expected - answer.actual) == 1


def _disordered(answer: _Answer) -> bool:
    lists = isinstance(answer.expected, list | tuple) and isinstance(answer.actual, list | tuple)
    return lists and sorted(map(repr, answer.expected)) == sorted(map(repr, answer.actual))


_TESTS: tuple[tuple[Mistake, Callable[[_Answer], bool]], ...] = (
    (Mistake.NONE, _nothing),
    (Mistake.EMPTY, _empty),
    (Mistake.TYPE, _other_type),
    (Mistake.ORDER, _disordered),
    (Mistake.OFF_BY_ONE, _off_by_one),
    (Mistake.PRECISION, _precision),
    (Mistake.NEGATIVE, _negative),
)
