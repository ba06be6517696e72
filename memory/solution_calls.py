"""Calls of a solution, as forms that are the same however they are written, in code and in what people write."""

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping

from utils.python_source import parse_python

MAX_CALL_CHARS = 4000
MAX_CALLS = 2000
"""Looked at in one text."""
_BUILTINS = frozenset(dir(builtins))
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "\"'"
_METHOD = re.compile(r"\s*\.\s*\w+\s*\(")

Names = Mapping[str, str]
"""Name in the code -> name of the solution's interface that it stands for."""


def forms(node: ast.AST, names: Names) -> frozenset[str] | None:
    """The calls of the solution in this code; None where they cannot be told before it runs.

    `raises(ValueError, f, 1)` holds the call `f(1)`; of `f(1).g(2)` it is the whole that is asked.
    """
    asked = _asked_in(node, names)
    if asked is None or not (asked or _constant(node)):  # a helper may ask the solution in its stead
        return None
    return frozenset(form(call, names) for call in asked)


def arguments(node: ast.AST, names: Names) -> frozenset[str]:
    """What the calls of the solution in this code are given, squeezed; empty where one is given nothing."""
    asked = _asked_in(node, names) or []
    given = {
        squeezed(",".join(ast.unparse(part) for part in call.args)) for call in asked if isinstance(call, ast.Call)
    }
    return frozenset() if "" in given else frozenset(given)


def squeezed(text: str) -> str:
    """The text without white space, with one kind of quotes."""
    return "".join(text.split()).replace('"', "'")


def _constant(node: ast.AST) -> bool:
    return not any(isinstance(part, ast.Call | ast.Name) for part in ast.walk(node))


def _asked_in(node: ast.AST, names: Names) -> list[ast.expr] | None:
    parents = {child: parent for parent in ast.walk(node) for child in ast.iter_child_nodes(parent)}
    own = [each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in names]
    asked = [call for name in own if (call := _asked(name, parents)) is not None and _closed(call, names)]
    return asked if len(asked) == len(own) else None


def form(node: ast.AST, names: Names) -> str:
    """The code without its layout, with the interface's own names."""
    text = ast.dump(node)
    for name, known in names.items():
        if name != known:
            text = text.replace(f"Name(id={name!r}, ctx=", f"Name(id={known!r}, ctx=")
    return text


def _asked(name: ast.Name, parents: Mapping[ast.AST, ast.AST]) -> ast.expr | None:
    """The call that begins with this name, methods of its result included; None if it is not called here."""
    parent = parents.get(name)
    match parent:
        case ast.Call(func=ast.Name(id="raises"), args=[_, asked, *args], keywords=words) if asked is name:
            return ast.Call(func=name, args=args, keywords=words)
        case ast.Call(func=asked) if asked is name:
            whole: ast.expr = parent
        case _:
            return None
    while True:
        above = parents.get(whole)
        if (isinstance(above, ast.Attribute) and above.value is whole) or (
            isinstance(above, ast.Call) and above.func is whole
        ):
            whole = above
        else:
            return whole


def _closed(call: ast.expr, names: Names) -> bool:
    loaded = (node.id for node in ast.walk(call) if isinstance(node, ast.Name))
    return all(name in names or name in _BUILTINS for name in loaded)


def forms_in_text(text: str, names: Iterable[str]) -> frozenset[str]:
    """The calls that stand anywhere in a text: in prose, in examples, behind `>>>`."""
    own = {name: name for name in names}
    return frozenset(found for name in own for call in _calls(text, name) for found in _forms_of(call, own))


def _forms_of(call: str, names: Names) -> frozenset[str]:
    for written in (call, call.replace("\n", "\\n")):  # an escape of a docstring that was read already
        try:
            return forms(parse_python(written.strip()), names) or frozenset()
        except (SyntaxError, RecursionError):
            continue
    return frozenset()


def _calls(text: str, name: str) -> Iterator[str]:
    """What looks like a call of the name, from the name to the bracket that closes it."""
    for count, start in enumerate(re.finditer(rf"(?<![\w.]){re.escape(name)}\s*\(", text)):
        if count == MAX_CALLS:
            return
        end = _end_of_call(text, start.end() - 1)
        while end and (method := _METHOD.match(text, end)):
            further = _end_of_call(text, method.end() - 1)
            if not further:
                break
            yield text[start.start() : end]
            end = further
        if end:
            yield text[start.start() : end]


def _end_of_call(text: str, opening: int) -> int:
    """Behind the bracket that closes the one at `opening`; 0 if none does within MAX_CALL_CHARS."""
    depth, quote, at = 0, "", opening
    end = min(len(text), opening + MAX_CALL_CHARS)
    while at < end:
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in _QUOTES:
            quote = char
        elif char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return 0
