"""Compares and shows what a candidate answered, as it came over the wire: no value of it is ever made on the host.

Making a set or a dict of hostile numbers can cost the square of their count; comparing their forms cannot. Both sides
are JSON as wire.Encoder writes it, so that equal values have equal forms but for the order of sets and dicts.
"""

# ruff: noqa: ANN401  any JSON

import base64
import hashlib
import json
import math
from typing import Any

from executor.grading.wire import WireError, whole

MAX_TEXT = 2000
MAX_SHOWN_ITEMS = 60
MAX_SHOWN_DEPTH = 8
MAX_SHOWN_CHARS = 600
MAX_CANONICAL_CHARS = 1000
_STAYS = {"o", "it"}
_BRACKETS = {"t": ("(", ")"), "s": ("{", "}"), "fs": ("frozenset({", "})"), "q": ("deque([", "])")}


def same(actual: Any, expected: Any, *, tolerance: float | None = None) -> bool:
    """Whether two forms are the same value of the same types.

    True, 1 and 1.0 differ. NaN is NaN. Sets and dicts have no order. With a tolerance a float that is off by at most so
    much, absolutely or as a share of the larger one, is right, and so is an int for a float; in sets and keys of dicts
    it does not count. Objects and iterators are the same as nothing.
    """
    try:
        return _same(actual, expected, tolerance)
    except RecursionError:  # a hostile form: what is expected is never so deep
        return False


def _same(actual: Any, expected: Any, tolerance: float | None) -> bool:
    if tolerance is not None and (close := _close(actual, expected, tolerance)) is not None:
        return close
    if type(actual) is not type(expected):
        return False
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(
            _same(mine, theirs, tolerance) for mine, theirs in zip(actual, expected, strict=True)
        )
    if not isinstance(expected, dict):
        return bool(actual == expected)
    if len(expected) != 1 or actual.keys() != expected.keys() or expected.keys() & _STAYS:
        return False
    ((tag, theirs),) = expected.items()
    return _same_tagged(tag, actual[tag], theirs, tolerance)


def _same_tagged(tag: str, actual: Any, expected: Any, tolerance: float | None) -> bool:
    if type(actual) is not type(expected):
        return False
    if tag in ("s", "fs"):
        return sorted(map(_canonical, actual)) == sorted(map(_canonical, expected))
    if tag != "d":
        return _same(actual, expected, tolerance)
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in actual):  # noqa: PLR2004
        return False
    mine, theirs = ({_canonical(key): value for key, value in pairs} for pairs in (actual, expected))
    return (
        len(actual) == len(expected)
        and mine.keys() == theirs.keys()
        and all(_same(mine[key], theirs[key], tolerance) for key in theirs)
    )


def _canonical(tree: Any) -> str:
    """One text for each value, whatever order its sets came in; the hash of a long one, so that depth costs nothing."""
    if isinstance(tree, list):
        text = f"[{','.join(map(_canonical, tree))}]"
    elif isinstance(tree, dict):
        parts = ((tag, tag in ("s", "fs") and isinstance(body, list), body) for tag, body in sorted(tree.items()))
        text = f"{{{','.join(f'{tag!r}:' + _in_order(body, sort=sort) for tag, sort, body in parts)}}}"
    else:
        text = json.dumps(tree)
    return text if len(text) <= MAX_CANONICAL_CHARS else f"#{hashlib.sha256(text.encode()).hexdigest()}"


def _in_order(body: Any, *, sort: bool) -> str:
    return f"[{','.join(sorted(map(_canonical, body)))}]" if sort else _canonical(body)


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


def shown(tree: Any, limit: int = MAX_TEXT) -> str:
    """The value's literal, shortened in the middle, sets in one order; says so if the form is no value's."""
    try:
        text = _shown(tree, 0)
    except (WireError, ValueError, TypeError, AttributeError, RecursionError):
        text = "(no plain value)"
    return text if len(text) <= limit else f"{text[: limit - 40]} [... {len(text) - limit + 40} more]"


def _shown(tree: Any, depth: int) -> str:
    if depth > MAX_SHOWN_DEPTH:
        return "..."
    if isinstance(tree, list):
        return f"[{_listed(tree, depth)}]"
    if not isinstance(tree, dict):
        return _cut(repr(tree[: 4 * MAX_SHOWN_CHARS] if isinstance(tree, str) else tree))
    if "o" in tree:
        return f"<{ascii(str(tree.get('of', ''))[:100])[1:-1]} object>"
    ((tag, body),) = tree.items()
    return _shown_tagged(tag, body, depth)


def _shown_tagged(tag: str, body: Any, depth: int) -> str:
    if tag in ("s", "fs"):
        body = sorted(body, key=_canonical)
    if tag in ("s", "fs") and not body:
        return "set()" if tag == "s" else "frozenset()"
    if tag in _BRACKETS:
        start, end = _BRACKETS[tag]
        return f"{start}{_listed(body, depth)}{',' if tag == 't' and len(body) == 1 else ''}{end}"
    match tag:
        case "d":
            pairs = [f"{_shown(key, depth + 1)}: {_shown(value, depth + 1)}" for key, value in body[:MAX_SHOWN_ITEMS]]
            return f"{{{', '.join(pairs)}{', ...' if len(body) > MAX_SHOWN_ITEMS else ''}}}"
        case "r" | "c":
            return f"{'range' if tag == 'r' else 'complex'}({_listed(body, depth)})"
        case "it":
            return f"<iterator of {len(body)} items>"
        case _:
            return _shown_text(tag, str(body))


def _shown_text(tag: str, body: str) -> str:
    room = 4 * MAX_SHOWN_CHARS
    match tag:
        case "i":
            return _cut(str(whole(body)) if len(body) < MAX_SHOWN_CHARS else body)
        case "f":
            return f"float({body[:20]!r})"
        case "b":
            return _cut(repr(base64.b64decode(body[:room])))
        case "ba":
            return f"bytearray({_cut(repr(base64.b64decode(body[:room])))})"
        case "u":
            return _cut(repr(bytes.fromhex(body[:room]).decode("utf-8", "surrogatepass")))
        case "ty":
            return ascii(body[:50])[1:-1]
    raise ValueError(tag)


def _listed(items: Any, depth: int) -> str:
    texts = [_shown(item, depth + 1) for item in items[:MAX_SHOWN_ITEMS]]
    return ", ".join([*texts, "..."] if len(items) > MAX_SHOWN_ITEMS else texts)


def _cut(text: str) -> str:
    half = MAX_SHOWN_CHARS // 2
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:half]}...{text[-half:]}"
