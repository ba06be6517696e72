"""Solutions that define what a task asks for and do nothing of it: what its checks must not let pass."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from memory.tasks import Task
from utils.python_source import parse_python

_HEAD = """
import itertools
_numbers = itertools.count(1)
"""
_FUNCTION = """
def {name}(*args, **named):
    {body}
"""
_CLASS = """
class {name}:
    def __init__(self, *args, **named):
        pass
"""
_METHOD = """
    def {name}(*args, **named):
        {body}
"""
_ERROR = """
class {name}(Exception):
    pass
"""
_BODIES = (
    ("an answer that does nothing", "return None"),
    ("an answer that always gives another text", 'return f"nothing {next(_numbers)}"'),
    ("an answer that is no number", 'return float("nan")'),
    ("an answer that only raises", 'raise RuntimeWarning("nothing is done here")'),
)


@dataclass(frozen=True, slots=True)
class Probe:
    """A solution that does nothing, and what it is in words."""

    words: str
    source: str


def probes(task: Task) -> Iterator[Probe]:
    """The solutions that do nothing, in the shape that the task's checks ask for."""
    if task.mode == "stdio":
        yield Probe("a program that prints nothing", "pass\n")
        return
    trees = [_parsed(each.code) for each in task.checks]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    shapes = {name: _shape(name, nodes) for name in task.callable_names}
    methods = sorted({name for node in nodes for name in _called_on(node)})
    for words, body in _BODIES:
        inside = "".join(_METHOD.format(name=name, body=body) for name in methods)
        parts = [shape.format(name=name, body=body) + inside * (shape == _CLASS) for name, shape in shapes.items()]
        yield Probe(words, "".join([_HEAD, *parts]))


def _parsed(code: str) -> ast.Module:
    try:
        return parse_python(code)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def _called_on(node: ast.AST) -> Iterator[str]:
    """The method that a call asks for: what is looked at and not called has to be there by the solution's own doing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.func.attr.startswith("__"):
        yield node.func.attr


def _shape(name: str, nodes: list[ast.AST]) -> str:
    """Whether the checks use a name as an exception, as a class, or as a function."""
    if any(name in _caught(node) for node in nodes):
        return _ERROR
    called_on = {
        node.value.id for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    if name[0].isupper() or name in called_on or any(name in _kinds_of(node) for node in nodes):
        return _CLASS
    return _FUNCTION


def _caught(node: ast.AST) -> set[str]:
    """Names that stand where an exception's class does."""
    match node:
        case ast.ExceptHandler(type=ast.expr() as kind):
            return _names(kind)
        case ast.Call(func=ast.Name(id="raises"), args=[kind, *_]):
            return _names(kind)
    return set()


def _kinds_of(node: ast.AST) -> set[str]:
    """Names that stand where a class does."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kind]):
            return _names(kind)
        case ast.ClassDef(bases=bases):
            return {name for base in bases for name in _names(base)}
    return set()


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
