"""Solutions that define what a task asks for and do nothing of it: what its checks must not let pass."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from memory.tasks import Task
from utils.python_source import parse_python

_HEAD = """
import itertools
_numbers = itertools.count(1)
class _Answer:
    def __get__(self, instance, owner):
        return self
    def __call__(self, *args, **named):
        {body}
"""
_FUNCTION = """
def {name}(*args, **named):
    {body}
"""
_CLASS = """
class _Of{name}(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Answer()
class {name}(metaclass=_Of{name}):
    def __init__(self, *args, **named):
        pass
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Answer()
"""
_ERROR = """
class {name}(Exception):
    pass
"""
_BODIES = (
    ("an answer that does nothing", "return None"),
    ("an answer that always gives another text", 'return f"nothing {next(_numbers)}"'),
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
    shapes = {name: _shape(name, trees) for name in task.callable_names}
    for words, body in _BODIES:
        parts = [shape.format(name=name, body=body) for name, shape in shapes.items()]
        yield Probe(words, "".join([_HEAD.format(body=body), *parts]))


def _parsed(code: str) -> ast.Module:
    try:
        return parse_python(code)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def _shape(name: str, trees: list[ast.Module]) -> str:
    """Whether the checks use a name as an exception, as a class, or as a function."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
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
