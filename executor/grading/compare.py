"""Compares what a candidate answered, as it came over the wire: no value of it is ever made on the host.

Making a set or a dict of hostile numbers can cost the square of their count; comparing their forms cannot. Both sides
are JSON as wire.Encoder writes it, so that equal values have equal forms but for the order of sets and dicts.
"""

# ruff: noqa: ANN401  any JSON

import decimal
import hashlib
import json
import math
from typing import Any

from executor.grading.wire import WireError, whole

MAX_CANONICAL_CHARS = 1000
_LONG = 64
_ALIKE = {int, str}
"""Kinds of which no two values of different kinds are equal."""
_STAYS = {"o", "it", "dk", "dv", "di"}
DICTS = {"d", "od", "cn", "dd"}
REBUILT = {"su": "s", "fu": "fs"}


def same(actual: Any, expected: Any, *, tolerance: float | None = None) -> bool:
    """Whether two forms are the same value of the same types.

    True, 1 and 1.0 differ. NaN is NaN. Sets and dicts have no order. With a tolerance a float that is off by at most so
    much, absolutely or as a share of the larger one, is right, and so is an int for a float; in sets and keys of dicts
    it does not count. Objects and iterators are the same as nothing.
    """
    try:
        return _same(actual, expected, tolerance)
    except (RecursionError, ArithmeticError):  # a hostile form: what is expected is never so deep, nor no number
        return False


def _same(actual: Any, expected: Any, tolerance: float | None) -> bool:
    if tolerance is not None and (close := _close(actual, expected, tolerance)) is not None:
        return close
    if type(actual) is not type(expected):
        return False
    if isinstance(expected, list):
        return _same_lists(actual, expected, tolerance)
    return _same_forms(actual, expected, tolerance) if isinstance(expected, dict) else bool(actual == expected)


def _same_lists(actual: list[Any], expected: list[Any], tolerance: float | None) -> bool:
    if len(actual) != len(expected):
        return False
    if len(actual) > _LONG and actual == expected and set(map(type, actual)) == set(map(type, expected)) <= _ALIKE:
        return True
    return all(_same(mine, theirs, tolerance) for mine, theirs in zip(actual, expected, strict=True))


def _same_forms(actual: dict[str, Any], expected: dict[str, Any], tolerance: float | None) -> bool:
    if len(expected) != 1 or len(actual) != 1 or expected.keys() & _STAYS:
        return False
    ((mine, inner),), ((tag, theirs),) = actual.items(), expected.items()
    if mine in DICTS and tag in DICTS and (mine, tag) != ("od", "od"):  # which alone have an order
        mine = tag = "d"
    return mine == tag and _same_tagged(tag, inner, theirs, tolerance)


def _same_tagged(tag: str, actual: Any, expected: Any, tolerance: float | None) -> bool:
    if type(actual) is not type(expected):
        return False
    if tag in ("s", "fs"):
        return sorted(map(canonical, actual)) == sorted(map(canonical, expected))
    if tag == "de":
        return bool(actual == expected or decimal.Decimal(actual) == decimal.Decimal(expected))
    return _same_dicts(actual, expected, tolerance) if tag == "d" else _same(actual, expected, tolerance)


def _same_dicts(actual: list[Any], expected: list[Any], tolerance: float | None) -> bool:
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in actual):  # noqa: PLR2004
        return False
    mine, theirs = ({canonical(key): value for key, value in pairs} for pairs in (actual, expected))
    return (
        len(actual) == len(expected)
        and mine.keys() == theirs.keys()
        and all(_same(mine[key], theirs[key], tolerance) for key in theirs)
    )


def canonical(tree: Any) -> str:
    """One text for each value, whatever order its sets came in; the hash of a long one, so that depth costs nothing."""
    if isinstance(tree, list):
        text = f"[{','.join(map(canonical, tree))}]"
    elif isinstance(tree, dict):
        parts = ((tag, tag in ("s", "fs") and isinstance(body, list), body) for tag, body in sorted(tree.items()))
        text = f"{{{','.join(f'{tag!r}:' + _in_order(body, sort=sort) for tag, sort, body in parts)}}}"
    else:
        text = json.dumps(tree)
    return text if len(text) <= MAX_CANONICAL_CHARS else f"#{hashlib.sha256(text.encode()).hexdigest()}"


def _in_order(body: Any, *, sort: bool) -> str:
    return f"[{','.join(sorted(map(canonical, body)))}]" if sort else canonical(body)


def _close(actual: Any, expected: Any, tolerance: float) -> bool | None:
    """Whether two numbers of which at least one is a float are near; None if they are no such pair."""
    mine, theirs = _number(actual), _number(expected)
    if mine is None or theirs is None or not (isinstance(mine, float) or isinstance(theirs, float)):
        return None
    try:
        return math.isclose(mine, theirs, rel_tol=tolerance, abs_tol=tolerance) or (
            math.isnan(mine) and math.isnan(theirs)
        )
    except OverflowError:  # an int larger than any float
        return False


def _number(tree: Any) -> float | None:
    if type(tree) in (int, float):
        return tree  # type: ignore[no-any-return]
    try:
        match tree:
            case {"i": str(text)} if len(tree) == 1:
                return whole(text)
            case {"f": str(text)} if len(tree) == 1:
                return float(text)
    except (WireError, ValueError):
        return None
    return None


def flattened(tree: Any) -> Any:
    """The form in which objects whose class derives from a plain value's are that value, and sets have one tag.

    Raises:
        WireError: it is too deep to be a value's.
    """
    try:
        return _flattened(tree)
    except RecursionError:
        raise WireError("nested too deep") from None


def _flattened(tree: Any) -> Any:
    if isinstance(tree, list):
        if len(tree) > _LONG and set(map(type, tree)) <= _ALIKE:
            return tree
        return [_flattened(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "as" in tree:
        return _flattened(tree["as"])
    return {REBUILT.get(tag, tag): _flattened(body) for tag, body in tree.items()}


def is_plain(tree: Any) -> bool:
    """Whether the form holds neither an object that stayed where it is nor an iterator."""
    try:
        return _is_plain(tree)
    except RecursionError:
        return False


def _is_plain(tree: Any) -> bool:
    if isinstance(tree, dict):
        return not tree.keys() & _STAYS and all(map(_is_plain, tree.values()))
    return all(map(_is_plain, tree)) if isinstance(tree, list) else True
