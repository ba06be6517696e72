"""What the reference of a proposed task may use: plain functions, and modules that always answer the same.

A list of what is allowed, not of what is not: a module that nobody thought of is refused.
"""

import ast
from collections.abc import Iterator

from utils.python_source import parse_python

ALLOWED_MODULES = frozenset({
    "__future__", "array", "base64", "binascii", "bisect", "calendar", "cmath", "collections", "colorsys", "copy",
    "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "graphlib", "hashlib", "heapq",
    "html", "itertools", "json", "math", "numbers", "operator", "re", "statistics", "string", "struct", "textwrap",
    "typing", "unicodedata", "zlib",
})  # fmt: skip
BANNED_NAMES = frozenset({
    "__import__", "__builtins__", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "exit", "getattr",
    "globals", "hash", "help", "id", "input", "locals", "memoryview", "object", "open", "print", "quit", "setattr",
    "vars", "SystemExit", "KeyboardInterrupt",
})  # fmt: skip
BANNED_ATTRIBUTES = frozenset({
    "now", "today", "utcnow", "fromtimestamp", "utcfromtimestamp", "astimezone",
    "setcontext", "getcontext", "localcontext", "file_digest", "purge", "cache_clear",
})  # fmt: skip
"""Clocks and the machine's time zone, and what is remembered beyond a call."""


def banned_use(source: str, entry_point: str) -> str:
    """What the source uses that it may not, or why it is no reference at all; empty if it may be tried."""
    try:
        tree = parse_python(source)
    except SyntaxError as error:
        return f"it is no Python ({error.msg})"
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == entry_point]
    if not defined:
        return f"it does not define the function {entry_point}"
    return next(_uses(tree), "")


def _uses(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from _strangers(alias.name for alias in names)
            case ast.ImportFrom(module=module, level=level, names=names):
                yield from ["a relative import"] if level else _strangers([module or ""])
                yield from _words(alias.name for alias in names)
            case ast.Name(id=name):
                yield from [name] if name in BANNED_NAMES else []
            case ast.Attribute(attr=name):
                yield from _words([name])
            case ast.Global() | ast.AsyncFunctionDef() | ast.Await():
                yield type(node).__name__.lower()


def _strangers(modules: Iterator[str] | list[str]) -> Iterator[str]:
    for module in modules:
        if module.partition(".")[0] not in ALLOWED_MODULES:
            yield f"the module {module[:50]}"


def _words(names: Iterator[str] | list[str]) -> Iterator[str]:
    for name in names:
        if name in BANNED_ATTRIBUTES or (name.startswith("__") and name != "__init__"):
            yield name[:50]
