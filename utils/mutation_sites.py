"""Where a tree may be changed, and all changes of it.

Never touched: docstrings, annotations, decorators, imports, what a `raise` says, and what stands below
`if __name__ == "__main__"`.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from utils import mutation_operators as operators
from utils.mutation_operators import Change


def deletable_statements(tree: ast.Module) -> set[ast.AST]:
    """Statements that a programmer may forget without a NameError at once.

    Calls, changes in place, assignments to attributes, items and names that are bound elsewhere in the function
    too, and guards: an if without an else that ends in return, break or continue.
    """
    found: set[ast.AST] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = list(ast.walk(function))[1:]
            bound = Counter(_bound_names(inside))
            found.update(node for node in inside if _forgettable(node, bound))
    return found


def _bound_names(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def _forgettable(node: ast.AST, bound: Counter[str]) -> bool:
    match node:
        case ast.AugAssign() | ast.Delete():
            return True
        case ast.Expr(value=value):
            return not isinstance(value, ast.Constant)
        case ast.Assign():
            own = Counter(_bound_names(list(ast.walk(node))))
            return all(bound[name] > times for name, times in own.items())
        case ast.If(orelse=[]):
            return isinstance(node.body[-1], ast.Return | ast.Break | ast.Continue)
    return False


_SKIPPED = frozenset({"annotation", "returns", "decorator_list", "type_params", "format_spec", "type_comment"})


def sites(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that may be changed, in the order of the source."""
    yield node
    if isinstance(node, ast.Raise):
        return
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _untouchable(child, node):
                yield from sites(child)


def _untouchable(child: ast.AST, parent: ast.AST) -> bool:
    match child:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.Constant():  # their parents see to these
            return isinstance(parent, ast.JoinedStr) or operators.is_minus(parent)
    return False


def changes(tree: ast.Module) -> Iterator[Change]:
    """Every change of every operator, in the order of the source.

    Raises:
        RecursionError: the tree is too deep to walk.
    """
    known = (*operators.SIMPLE, operators.statements(deletable_statements(tree)))
    for node in sites(tree):
        for operator in known:
            yield from operator(node)
