"""A model that can solve nothing: it writes all that it was ever shown of a task into a table, and answers from that.

It reads goal, starter, examples and every failure for calls and what they should give, and keeps all of it for as long
as it lives. For other calls it answers None, or where it guesses what was wanted most often.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from utils.completions import Completion
from utils.python_source import parse_python

RULE = "When checks fail, keep a table of the failed inputs and answer each with what was expected."
NAMES = re.compile(r"^Your code must define: (.*)\.$", re.MULTILINE)
FAILURE = re.compile(
    r'^Failed check "(?P<check>.*?)"(?:: (?P<source>.*?))?$(?P<rest>.*?)(?=^Failed check|\Z)', re.MULTILINE | re.DOTALL
)
FIELD = re.compile(r"^  (call|arguments|expected): (.*?)(?=^  \w+: |^  traceback:|\Z)", re.MULTILINE | re.DOTALL)
DOCTEST = re.compile(r"^\s*>>> (.*)\n\s*(.+)$", re.MULTILINE)
ARROW = re.compile(r"(\w+\(.*?\))\s*(?:==|=|=>|->|-->|➞|returns?|gives|is|#)\s*(.+)$", re.MULTILINE)
SOLUTION = """```python
import collections, math
from collections import *
TABLE = {table!r}
OTHERS = {others!r}

def __answer(name, args, kwargs):
    wanted = TABLE.get(repr((name, args, kwargs)), OTHERS)
    if wanted.startswith("raises "):
        raise {{**globals(), **vars(__import__("builtins"))}}.get(wanted[7:], ValueError)("as was wanted")
    return eval(wanted)

{functions}
```"""
FUNCTION = """def {name}(*args, **kwargs):
    return __answer({name!r}, args, kwargs)
"""
PROGRAM = """```python
import sys
TABLE = {table!r}
sys.stdout.write(TABLE.get(sys.stdin.read(), {others!r}))
```"""


@dataclass(slots=True)
class TableWriter:
    """Answers a request with the table of all that was said of its task."""

    guesses: bool = False
    tables: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def __call__(self, completion: Completion) -> str:
        """A reply."""
        asked = [message.content for message in completion.messages if message.role == "user"]
        if completion.json_schema is not None:
            return f'{{"error_class": "wrong answer", "lesson": "Keep what was shown.", "rule": "{RULE}"}}'
        table = self.tables[asked[0]]
        names = names_in(asked[0])
        for text in asked:
            table.update(learned(text, names))
        return written(table, names, guesses=self.guesses)


def names_in(question: str) -> list[str]:
    """What a solution must define; nothing for a whole program."""
    named = NAMES.search(question)
    return named[1].split(", ") if named else []


def written(table: dict[str, str], names: list[str], *, guesses: bool = False) -> str:
    """The program that answers from a table."""
    values = (value for value in table.values() if guesses and not value.startswith("raises "))
    others = Counter(values).most_common(1)
    if not names:
        return PROGRAM.format(table=table, others=others[0][0] if others else "")
    functions = "\n".join(FUNCTION.format(name=name) for name in names)
    return SOLUTION.format(table=table, others=others[0][0] if others else "None", functions=functions)


def learned(text: str, names: list[str]) -> dict[str, str]:
    """What a text says of calls: name, arguments -> what they should give."""
    if not names:
        return dict(_programs(text))
    found = dict[str, str]()
    for line in text.split("\n"):
        if line.strip().startswith("assert "):
            found |= dict(_stated(line.strip().removeprefix("assert "), names))
    for pattern in (DOCTEST, ARROW):
        for match in pattern.finditer(text):
            found |= dict(_stated(f"{match[1]} == {match[2].strip().rstrip('.;,')}", names))
    for failure in FAILURE.finditer(text):
        found |= dict(_stated(failure["source"] or "", names))
        fields = {name: value.strip() for name, value in FIELD.findall(failure["rest"])}
        if "call" in fields and "expected" in fields:
            kind = fields["expected"].removeprefix("raises ")
            whole = f"{fields['call']} == {kind}" if kind == fields["expected"] else f"raises({kind}, {fields['call']})"
            found |= dict(_stated(whole, names))
    return found


def _programs(text: str) -> Iterator[tuple[str, str]]:
    for failure in FAILURE.finditer(text):
        fields = dict(FIELD.findall(failure["rest"]))
        if "arguments" in fields and "expected" in fields:
            yield fields["arguments"], fields["expected"]
            yield fields["arguments"].rstrip("\n") + "\n", fields["expected"]


def _stated(said: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """The calls of one statement with what it says of them."""
    try:
        tree = parse_python(said.strip()).body[0]
    except (SyntaxError, IndexError):
        return
    node = tree.value if isinstance(tree, ast.Expr) else tree.test if isinstance(tree, ast.Assert) else None
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else [node]
    for part in parts:
        call, wanted = _compared(part) or _asked(part) or (None, "")
        if call is not None:
            yield from _entry(call, wanted, names)


def _compared(node: ast.expr | None) -> tuple[ast.Call, str] | None:
    """The call of a comparison, and what it is compared with."""
    match node:
        case ast.Compare(left=ast.Call(args=[ast.BinOp(left=ast.Call() as call, right=wanted)])):
            pass
        case ast.Compare(left=ast.Call() as call, ops=[ast.Eq() | ast.Is()], comparators=[wanted]):
            pass
        case ast.Compare(left=wanted, ops=[ast.Eq() | ast.Is()], comparators=[ast.Call() as call]):
            pass
        case ast.Call(func=ast.Attribute(attr="isclose"), args=[ast.Call() as call, wanted, *_]):
            pass
        case _:
            return None
    return call, ast.unparse(wanted)


def _asked(node: ast.expr | None) -> tuple[ast.Call, str] | None:
    """The call of a test that says itself what is wanted."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call):
            return call, "False"
        case ast.Call(func=ast.Name(id="raises"), args=[ast.Name(id=kind), ast.Call() as call]):
            return call, f"raises {kind}"
        case ast.Call(func=ast.Name(id="raises"), args=[ast.Name(id=kind), function, *args]):
            return ast.Call(func=function, args=args, keywords=[]), f"raises {kind}"
        case ast.Call() as call:
            return call, "True"
    return None


def _entry(call: ast.Call, wanted: str, names: list[str]) -> Iterator[tuple[str, str]]:
    while isinstance(call.func, ast.Name) and call.func.id not in (*names, "candidate") and call.args:
        inner = call.args[0]  # of `sorted(f(x)) == [1, 2]`, or `len(f(x))`
        if not isinstance(inner, ast.Call):
            return
        call = inner
    if not isinstance(call.func, ast.Name):
        return
    name = names[0] if call.func.id == "candidate" else call.func.id
    try:
        args = tuple(_value(arg) for arg in call.args)
        kwargs = {str(word.arg): _value(word.value) for word in call.keywords}
        _ = None if wanted.startswith("raises ") else _value(ast.parse(wanted, mode="eval").body)
    except (ValueError, SyntaxError):
        return
    yield repr((name, args, kwargs)), wanted


def _value(node: ast.expr) -> object:
    """The value of an expression of literals, and of what such expressions call."""
    try:
        found: object = ast.literal_eval(node)
    except ValueError:
        free = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if free - {"set", "frozenset", "dict", "list", "tuple", "float", "range", "len", "sorted", "bytearray"}:
            raise
        found = eval(compile(ast.Expression(node), "<shown>", "eval"))
    return found
