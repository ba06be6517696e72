"""Texts of a failure without what differs from run to run: names, numbers, quoted values, paths, addresses.

What is known to every program is what this Python knows; another version may word a message or a module differently.
"""

import builtins
import collections
import functools
import itertools
import keyword
import math
import re
import sys
import typing

MAX_LINE = 500
"""Characters of a line, or of a message, that are looked at."""

KNOWN = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist)
"""Names that no program chose by itself."""
METHODS = frozenset(
    name for kind in (str, list, dict, set, tuple, int, float, bytes, collections.deque) for name in dir(kind)
)
LIBRARY = frozenset(sys.stdlib_module_names) | frozenset(
    name for module in (collections, functools, itertools, math, typing) for name in dir(module) if name[0] != "_"
)

_STAYS = KNOWN | METHODS | LIBRARY | frozenset("()[]{}:")
"""What a message may quote that is no value; the brackets and the colon are what a syntax error lacks."""

_TOKEN = re.compile(
    r"(?P<text>[rbfuRBFU]{0,2}(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))"
    r"|(?P<blank>\s+|#.*)|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<other>.)"
)
_MESSAGE = re.compile(
    r"(?P<path>(?:[A-Za-z]:)?(?:[/\\][\w.~-]+){2,}|\b[\w-]+\.py\b)"
    r"|(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<called>\b[\w.<>]+(?=\(\)))|(?P<number>\b0x[0-9a-fA-F]+\b|\d[\d_.]*(?:e[+-]?\d+)?)"
)


def scrubbed_line(line: str) -> str:
    """The line of code with its own names numbered in the order in which they come, and its values taken out.

    Keywords, builtins and methods of builtin types stay; `x[i + 1]` becomes `v0[v1+0]`.
    """
    names: dict[str, str] = {}
    parts, before = list[str](), ""
    for found in _TOKEN.finditer(line[:MAX_LINE]):
        kind, text = found.lastgroup, found[0]
        if kind == "blank":
            continue
        if kind == "name":
            stays = text in METHODS if before == "." else text in KNOWN
            part = text if stays else names.setdefault(text, f"v{len(names)}")
        else:
            part = {"text": "''", "number": "0"}.get(str(kind), text)
        parts.append(f" {part}" if parts and kind == "name" and before[-1:].isalnum() else part)
        before = text
    return "".join(parts)


def scrubbed_message(message: str) -> str:
    """The message with numbers, paths, addresses, quoted values and names of functions taken out.

    What is known to every program stays, as in `'int' object has no attribute 'islower'`.
    """

    def instead(found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "number":
                return "0"
            case "path":
                return "path"
            case "called":
                name = text.rpartition(".")[2]
                return name if name in KNOWN or name in METHODS else "f"
            case _:
                return text if text[1:-1] in _STAYS else "''"

    return " ".join(_MESSAGE.sub(instead, message[:MAX_LINE]).split())
