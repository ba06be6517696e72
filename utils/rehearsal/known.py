"""What the rehearsal model knows about a task."""

import ast
from dataclasses import dataclass

from utils.python_source import parse_python

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTask:
    """A task and, if there is one, its solution.

    Attributes:
        id: unique; the task's planted offset is drawn from it.
        name: a short title.
        goal: what to build; a request is matched to the task by this text.
        entry_point: the function or class that a solution must define.
        starter: code that the solution continues, empty if there is none.
        skills: what it practises.
        difficulty: declared, 0 (trivial) to 1 (hard).
        reference: a solution that is known to pass, or only what follows the starter; None if there is none.
    """

    id: str
    name: str
    goal: str
    entry_point: str | None = None
    starter: str = ""
    skills: tuple[str, ...] = ("general",)
    difficulty: float = 0.5
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """A whole program and the name that it is there for."""

    source: str
    entry_point: str | None


def solution_of(task: KnownTask) -> Solution | None:
    """The task's whole solution; None if there is no reference or one that cannot be understood.

    A reference that does not define the entry point is taken to continue the starter.
    """
    if task.reference is None:
        return None
    for source in (task.reference, task.starter + task.reference):
        tree = parsed(source)
        if tree is not None and (task.entry_point is None or _defines(tree, task.entry_point)):
            return Solution(source, task.entry_point)
    return None


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a source, None if it is not valid Python."""
    try:
        return parse_python(source)
    except SyntaxError:
        return None


def entry_definition(tree: ast.Module, entry_point: str | None) -> Definition | None:
    """The definition of the entry point at the top level; the last definition if it is not there."""
    found = [node for node in tree.body if isinstance(node, Definition)]
    named = [node for node in found if node.name == entry_point]
    return next(reversed(named or found), None)


def _defines(tree: ast.Module, name: str) -> bool:
    for node in tree.body:
        if isinstance(node, Definition) and node.name == name:
            return True
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return True
    return False
