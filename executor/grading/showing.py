"""Shows what a candidate answered, as it came over the wire, for people: no value of it is ever made on the host."""

# ruff: noqa: ANN401  any JSON

import base64
from collections.abc import Callable
from typing import Any

from executor.grading.compare import REBUILT, canonical
from executor.grading.wire import WireError, whole

MAX_TEXT = 2000
MAX_SHOWN_ITEMS = 60
MAX_SHOWN_DEPTH = 8
MAX_SHOWN_CHARS = 600
_DICTS = {"d": "", "od": "OrderedDict", "cn": "Counter", "dd": "defaultdict"}
_BRACKETS = {
    "t": ("(", ")"), "s": ("{", "}"), "fs": ("frozenset({", "})"), "q": ("deque([", "])"), "r": ("range(", ")"),
    "sl": ("slice(", ")"),
    "c": ("complex(", ")"), "fr": ("Fraction(", ")"), "ar": ("array(", ")"), "at": ("(", ")"),
    "dk": ("dict_keys([", "])"), "dv": ("dict_values([", "])"),
}  # fmt: skip


def shown(tree: Any, limit: int = MAX_TEXT) -> str:
    """The value's literal, shortened in the middle, sets in one order; says so if the form is no value's."""
    try:
        text = _shown(tree, 0)
    except (WireError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        text = "(no plain value)"
    return text if len(text) <= limit else f"{text[: limit - 40]} [... {len(text) - limit + 40} more]"


def _shown(tree: Any, depth: int) -> str:
    if depth > MAX_SHOWN_DEPTH:
        return "..."
    if isinstance(tree, list):
        return f"[{_listed(tree, depth)}]"
    if not isinstance(tree, dict):
        return _cut(repr(tree[: 4 * MAX_SHOWN_CHARS] if isinstance(tree, str) else tree))
    if "as" in tree:
        return _shown(tree["as"], depth)
    if "o" in tree or "j" in tree:
        return f"<{ascii(str(tree.get('of', ''))[:100])[1:-1]} object>"
    ((tag, body),) = tree.items()
    return _shown_tagged(tag, body, depth)


def _shown_tagged(tag: str, body: Any, depth: int) -> str:
    tag = REBUILT.get(tag, tag)
    if tag in ("s", "fs") and not body:
        return "set()" if tag == "s" else "frozenset()"
    if tag in _BRACKETS:
        start, end = _BRACKETS[tag]
        items = sorted(body, key=canonical) if tag in ("s", "fs") else body
        return f"{start}{_listed(items, depth)}{',' if tag == 't' and len(body) == 1 else ''}{end}"
    if tag in _DICTS:
        return _shown_pairs(tag, body, depth)
    if tag in ("deep", "="):
        return _shown(body[tag == "="], depth)
    if tag == "di":
        return f"dict_items([{_listed([{'t': pair} for pair in body], depth)}])"
    return f"<iterator of {len(body)} items>" if tag == "it" else _shown_text(tag, str(body))


def _shown_pairs(tag: str, body: Any, depth: int) -> str:
    pairs = [f"{_shown(key, depth + 1)}: {_shown(value, depth + 1)}" for key, value in body[:MAX_SHOWN_ITEMS]]
    text = f"{{{', '.join(pairs)}{', ...' if len(body) > MAX_SHOWN_ITEMS else ''}}}"
    return f"{_DICTS[tag]}({text})" if _DICTS[tag] else text


def _shown_text(tag: str, body: str) -> str:
    return _cut(_TEXTS[tag](body))


def _bytes(body: str) -> str:
    return repr(base64.b64decode(body[:ROOM]))


ROOM = 4 * MAX_SHOWN_CHARS
_TEXTS: dict[str, Callable[[str], str]] = {
    "@": lambda _: "...",
    "==": lambda _: "...",
    "fn": lambda body: ascii(body[:50])[1:-1],
    "i": lambda body: str(whole(body)) if len(body) < MAX_SHOWN_CHARS else body,
    "f": lambda body: f"float({body[:20]!r})",
    "b": _bytes,
    "ba": lambda body: f"bytearray({_bytes(body)})",
    "mv": lambda body: f"memoryview({_bytes(body)})",
    "u": lambda body: repr(bytes.fromhex(body[:ROOM]).decode("utf-8", "surrogatepass")),
    "ty": lambda body: ascii(body[:50])[1:-1],
    "de": lambda body: f"Decimal({body[:ROOM]!r})",
}


def _listed(items: Any, depth: int) -> str:
    texts = [_shown(item, depth + 1) for item in items[:MAX_SHOWN_ITEMS]]
    return ", ".join([*texts, "..."] if len(items) > MAX_SHOWN_ITEMS else texts)


def _cut(text: str) -> str:
    half = MAX_SHOWN_CHARS // 2
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:half]}...{text[-half:]}"
