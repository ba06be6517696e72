"""Python values that people write down: literals, and calls whose arguments are literals. Nothing is ever run.

Beyond Python's own literals (with minus signs and complex sums) these may stand anywhere in one: `float("nan")`,
`float("inf")`, `set()`, `frozenset({1})`, `range(3)`, `bytearray(b"ab")`, and `deque([1])` of collections.
"""

import ast
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from utils.python_source import parse_python

MAX_DEPTH = 60
_WORDS: Mapping[str, Callable[..., object]] = {
    "float": float,
    "set": set,
    "frozenset": frozenset,
    "range": range,
    "bytearray": bytearray,
    "deque": deque,
}


@dataclass(frozen=True, slots=True)
class LiteralCall:
    """A call as it was written: the function's name and the values of its arguments."""

    name: str
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)


def literal(text: str) -> object:
    """The value that the text writes down.

    Raises:
        ValueError: it is no literal; the message says what stands there instead.
    """
    return value_of(_expression(text))


def literal_call(text: str) -> LiteralCall:
    """The call that the text writes down, as in `chunks([1, 2, 3], size=2)`.

    Raises:
        ValueError: it is no call of a name with literal arguments.
    """
    return call_of(_expression(text))


def call_of(node: ast.expr) -> LiteralCall:
    """The call of a tree.

    Raises:
        ValueError: as `literal_call`.
    """
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=words) if all(word.arg for word in words):
            kwargs = {str(word.arg): value_of(word.value) for word in words}
            return LiteralCall(name, tuple(value_of(arg) for arg in args), kwargs)
    raise ValueError(f"{_shown(node)} is no call of a function by its name")


def _expression(text: str) -> ast.expr:
    try:
        body = parse_python(text.strip()).body
    except SyntaxError as error:
        raise ValueError(f"no valid Python ({error.msg})") from error
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise ValueError("must be one expression")
    return body[0].value


def value_of(node: ast.expr, depth: int = 0) -> object:
    """The value of a tree.

    Raises:
        ValueError: it is no literal.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")

    def inner(part: ast.expr | None) -> object:
        if part is None:
            raise ValueError("a dict that is spread is no literal")
        return value_of(part, depth + 1)

    try:
        match node:
            case ast.List(elts=parts):
                return [inner(part) for part in parts]
            case ast.Tuple(elts=parts):
                return tuple(inner(part) for part in parts)
            case ast.Set(elts=parts):
                return {inner(part) for part in parts}
            case ast.Dict(keys=keys, values=values):
                return {inner(key): inner(value) for key, value in zip(keys, values, strict=True)}
            case ast.Call(func=ast.Name(id=word), args=args, keywords=[]) if word in _WORDS:
                return _WORDS[word](*(inner(arg) for arg in args))
            case _:
                return _plain(node)
    except TypeError as error:  # what cannot be hashed, or an argument of a wrong type
        raise ValueError(f"{_shown(node)}: {error}") from error


def _plain(node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{_shown(node)} is no literal") from None
    if value is ...:
        raise ValueError("... is no value that a solution can give")
    return value


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004
