"""Ways to write the same solution differently without changing what it does."""

import ast
import builtins
from collections.abc import Callable

from utils.rehearsal.draws import Draws
from utils.rehearsal.known import Solution, entry_definition, parsed

_REMARKS = ("# Straightforward approach.", "# Step by step.", "# Follows the specification.", "# Main function.")
_DOCSTRINGS = ("Solve the task.", "Return the result as specified.", "Implementation of the specification.")
_NAMES = ("res", "out", "tmp", "acc", "val", "cur")
_SCOPES_BY_NAME = (ast.ClassDef, ast.Global, ast.Nonlocal, ast.Match)
_LOOKS_AT_NAMES = {"locals", "vars", "dir", "eval", "exec", "globals"}


def restyled(solution: Solution, draws: Draws) -> str:
    """The solution in other words, or as it is where a style cannot be applied; it means the same."""
    style = draws.pick(_STYLES)
    changed = style(solution, draws)
    return solution.source if changed is None or parsed(changed) is None else changed


def reprinted(solution: Solution, _draws: Draws) -> str | None:
    """Without comments, in the layout of ast.unparse."""
    tree = parsed(solution.source)
    return None if tree is None else ast.unparse(tree) + "\n"


def remarked(solution: Solution, draws: Draws) -> str | None:
    """With a comment as its first line."""
    return f"{draws.pick(_REMARKS)}\n{solution.source}"


def documented(solution: Solution, draws: Draws) -> str | None:
    """With a docstring for the entry point if it has none."""
    tree = parsed(solution.source)
    node = entry_definition(tree, solution.entry_point) if tree else None
    if tree is None or node is None or ast.get_docstring(node, clean=False) is not None:
        return None
    node.body.insert(0, ast.Expr(ast.Constant(draws.pick(_DOCSTRINGS))))
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def renamed(solution: Solution, draws: Draws) -> str | None:
    """With another name for one local variable of the entry point, where that is sure to be safe."""
    tree = parsed(solution.source)
    node = entry_definition(tree, solution.entry_point) if tree else None
    if tree is None or not isinstance(node, ast.FunctionDef):
        return None
    taken, outside = _all_words(tree), _outside(tree, node)
    news = [name for name in _NAMES if name not in taken]
    olds = [name for name in _plain_locals(node) if name not in outside]
    if not olds or not news:
        return None
    old, new = draws.pick(olds), draws.pick(news)
    for name in ast.walk(node):
        if isinstance(name, ast.Name) and name.id == old:
            name.id = new
    return ast.unparse(tree) + "\n"


_STYLES: tuple[Callable[[Solution, Draws], str | None], ...] = (reprinted, remarked, documented, renamed)


def _plain_locals(function: ast.FunctionDef) -> list[str]:
    """Names that are bound by assignment only, in a function where nothing else could mean or see them.

    None at all where a class, a global or nonlocal statement, a match or a look at names stands in the function.
    """
    nodes = list(ast.walk(function))
    if any(isinstance(node, _SCOPES_BY_NAME) for node in nodes) or _LOOKS_AT_NAMES & _all_words(function):
        return []
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return sorted(name for name in stored - _words_but_names(function) if not name.startswith("_"))


def _outside(tree: ast.Module, function: ast.FunctionDef) -> set[str]:
    """Names that mean something outside the function, builtins included."""
    others = [node for node in tree.body if node is not function]
    words = _all_words(ast.Module(body=others, type_ignores=[]))
    words |= _all_words(ast.Module(body=[ast.Expr(default) for default in _signature(function)], type_ignores=[]))
    return words | set(dir(builtins))


def _signature(function: ast.FunctionDef) -> list[ast.expr]:
    """The expressions of a definition that are evaluated outside it."""
    arguments = function.args
    annotations = [argument.annotation for argument in ast.walk(arguments) if isinstance(argument, ast.arg)]
    found = [*arguments.defaults, *arguments.kw_defaults, *annotations, *function.decorator_list, function.returns]
    return [expression for expression in found if expression is not None]


def _words_but_names(tree: ast.AST) -> set[str]:
    """Identifiers that stand elsewhere than as a plain variable: parameters, imports, handlers, functions."""
    words: set[str] = set()
    for node in ast.walk(tree):
        values = (getattr(node, field, None) for field in ("arg", "name", "asname"))
        words.update(value.split(".")[0] for value in values if isinstance(value, str))
    return words


def _all_words(tree: ast.AST) -> set[str]:
    return _words_but_names(tree) | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
