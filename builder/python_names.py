"""What a piece of Python defines, imports and still needs, read from its tree without running it."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from utils.python_source import parse_python

MAX_CODE_CHARS = 100_000
MAX_LINE_CHARS = 20_000
"""CPython takes the square of the length for `import a.a.a...`: 4.5 s at 100,000 characters, 0.2 s at 20,000."""

_BUILT_IN = frozenset(dir(builtins)) | {"__file__"}
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def tree_of(code: str) -> ast.Module | None:
    """The tree; None if it is no Python or too long to be worth it."""
    if len(code) > MAX_CODE_CHARS or any(len(line) > MAX_LINE_CHARS for line in code.split("\n")):
        return None
    try:
        return parse_python(code)
    except SyntaxError:
        return None


@dataclass(frozen=True, slots=True)
class TopLevel:
    """What the top level binds by definition or assignment, and by import; also under `if`, `try`, `with`, loops."""

    defined: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()

    @classmethod
    def of(cls, tree: ast.Module) -> "TopLevel":
        """Read off a tree."""
        nodes = list(_top_level(tree))
        return cls(
            defined=frozenset(name for node in nodes for name in _defined(node)),
            imported=frozenset(_local_name(alias) for node in nodes if _imports(node) for alias in node.names),
        )


def needed_names(tree: ast.Module) -> frozenset[str]:
    """Names that are used, are bound nowhere in the code, and are not built in; none where a star import may bind them.

    An estimate: a name that is local to one function and global to another counts as bound.
    """
    used: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used.add(node.id)
        bound |= set(_bound(node))
    return frozenset() if "*" in bound else frozenset(used - bound - _BUILT_IN)


def imported_modules(code: str) -> tuple[str, ...]:
    """Top-level names of the modules that the code imports, sorted; empty if it does not parse."""
    tree = tree_of(code)
    found: set[str] = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return tuple(sorted(found))


def _top_level(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes that run in the module's own scope, a definition without what is in it."""
    waiting: list[ast.AST] = [*reversed(tree.body)]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _DEFINITIONS | _COMPREHENSIONS | ast.Lambda | ast.Expr):
            waiting.extend(ast.iter_child_nodes(node))


def _defined(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def _bound(node: ast.AST) -> Iterator[str]:
    yield from _defined(node)
    if _imports(node):
        yield from map(_local_name, node.names)
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    elif type(node).__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):  # Python 3.12's type parameters
        yield str(getattr(node, "name", ""))


def _imports(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _local_name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]
