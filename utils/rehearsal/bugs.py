"""Ways to break a solution, one for each kind of bug.

Each is only *intended* to break it: a removed guard may have guarded nothing, a str() around a str changes nothing.
What cannot be applied to a solution (no import to forget, no guard) gives None.
"""

import ast
import copy
from collections.abc import Callable

from utils.python_source import parse_python
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import Definition, Solution, entry_definition, parsed
from utils.rehearsal.tables import BugKind

Breaker = Callable[[Solution, Draws], str | None]
"""From a solution to the broken text; None if the solution has no place for it."""

_ENDLESS = "checked = 0\nwhile checked < 1:\n    checked = checked * 2\n"
_SLOW = "for _ in range(10**11):\n    pass\n"
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_TEXT_METHODS = {"join", "replace", "strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize", "format"}
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def forgotten_case(solution: Solution, draws: Draws) -> str | None:
    """Without its first or its last guard: an `if` without `else` that ends in return, raise, continue or break."""
    tree = parsed(solution.source)
    guards = [place for place in _blocks(tree) for statement in place if _is_guard(statement)] if tree else []
    if tree is None or not guards:
        return None
    block = guards[draws.pick((0, -1))]
    found = [index for index, statement in enumerate(block) if _is_guard(statement)]
    del block[found[draws.pick((0, -1))]]
    if not block:
        block.append(ast.Pass())
    return ast.unparse(tree) + "\n"


def wrong_type(solution: Solution, draws: Draws) -> str | None:
    """With another type in each return of one function: str(x), list(x) for a tuple or a str, None for a falsy x."""
    tree = parsed(solution.source)
    functions = _functions(entry_definition(tree, solution.entry_point)) if tree else []
    candidates = [function for function in functions if _returns(function)]
    if tree is None or not candidates:
        return None
    function = draws.pick(candidates)
    returns = _returns(function)
    template = draws.pick(_templates(function, returns))
    for statement in returns:
        statement.value = _Fill(statement.value).visit(_expression(template))
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _expression(text: str) -> ast.expr:
    statement = parse_python(text).body[0]
    assert isinstance(statement, ast.Expr)
    return statement.value


def missing_import(solution: Solution, draws: Draws) -> str | None:
    """Without one of its imports; `from __future__` is never the one."""
    tree = parsed(solution.source)
    imports = [
        (block, statement)
        for block in (_blocks(tree) if tree else [])
        for statement in block
        if isinstance(statement, ast.Import | ast.ImportFrom) and _used(tree, statement)
    ]
    if tree is None or not imports:
        return None
    block, statement = draws.pick(imports)
    block.remove(statement)
    if not block:
        block.append(ast.Pass())
    return ast.unparse(tree) + "\n"


def wrong_name(solution: Solution, draws: Draws) -> str | None:
    """With the entry point under another name; it still calls itself rightly."""
    tree = parsed(solution.source)
    node = entry_definition(tree, solution.entry_point) if tree else None
    if tree is None or node is None:
        return None
    old, new = node.name, draws.pick(("solve", f"{node.name}_solution", f"my_{node.name}", "solution"))
    node.name = new
    for name in ast.walk(tree):
        if isinstance(name, ast.Name) and name.id == old:
            name.id = new
    return ast.unparse(tree) + "\n"


def endless_loop(solution: Solution, draws: Draws) -> str | None:
    """With a loop at the start of a function that never ends, in constant memory."""
    return _at_start(solution, _ENDLESS, draws)


def slow(solution: Solution, draws: Draws) -> str | None:
    """With a loop at the start of a function that takes tens of minutes."""
    return _at_start(solution, _SLOW, draws)


def syntax_error(solution: Solution, draws: Draws) -> str:
    """With one character missing or one too many, so that it does not compile."""
    lines = solution.source.rstrip().splitlines() or [""]
    headers = [index for index, line in enumerate(lines) if line.rstrip().endswith(":")]
    brackets = [index for index, line in enumerate(lines) if line.rstrip().endswith(")")]
    for places in draws.pick(((headers, brackets), (brackets, headers))):
        if places:
            index = draws.pick(places)
            broken = "\n".join([*lines[:index], lines[index].rstrip()[:-1], *lines[index + 1 :]])
            if parsed(broken) is None:
                return broken + "\n"
    return "\n".join([*lines, "return result)"]) + "\n"


def truncated(solution: Solution, draws: Draws) -> str:
    """Cut off somewhere in its second half, in most cases in the middle of a statement."""
    text = solution.source.rstrip()
    cuts = [int(len(text) * (0.5 + 0.45 * draws.uniform())) for _ in range(8)]
    broken = [text[:cut] for cut in cuts if parsed(text[:cut]) is None]
    return (broken or [text[: cuts[0]]])[0]


BREAKERS: dict[BugKind, Breaker] = {
    BugKind.FORGOTTEN_CASE: forgotten_case,
    BugKind.WRONG_TYPE: wrong_type,
    BugKind.MISSING_IMPORT: missing_import,
    BugKind.WRONG_NAME: wrong_name,
    BugKind.SYNTAX_ERROR: syntax_error,
    BugKind.ENDLESS_LOOP: endless_loop,
    BugKind.SLOW: slow,
    BugKind.TRUNCATED: truncated,
}
"""All kinds that need nothing but the solution; mutations come from utils.mutants, prose has no code."""


class _Fill(ast.NodeTransformer):
    """Puts an expression in the place of the name VALUE."""

    def __init__(self, value: ast.expr | None) -> None:
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self._value) if node.id == "VALUE" and self._value is not None else node


def _blocks(tree: ast.AST) -> list[list[ast.stmt]]:
    """Every list of statements inside functions first, then the module's, in the order of the source."""
    fields = ("body", "orelse", "finalbody")
    blocks = [getattr(node, field, None) for node in ast.walk(tree) for field in fields]
    return [block for block in blocks if isinstance(block, list) and block]


def _is_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and not statement.orelse and isinstance(statement.body[-1], _ENDS)


def _used(tree: ast.AST | None, statement: ast.Import | ast.ImportFrom) -> bool:
    if tree is None or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
        return False
    names = {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))


def _functions(definition: Definition | None) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The entry point itself, or the public methods and the constructor of a class."""
    if isinstance(definition, ast.ClassDef):
        methods = [node for node in definition.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return [node for node in methods if not node.name.startswith("_") or node.name == "__init__"]
    return [] if definition is None else [definition]


def _own(function: ast.AST) -> list[ast.AST]:
    """All nodes of a function but those of functions inside it."""
    children = [node for node in ast.iter_child_nodes(function) if not isinstance(node, _NESTED)]
    return [*children, *(node for child in children for node in _own(child))]


def _returns(function: ast.AST) -> list[ast.Return]:
    returns = [node for node in _own(function) if isinstance(node, ast.Return)]
    return [node for node in returns if node.value is not None and not _is_none(node.value)]


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _templates(function: ast.FunctionDef | ast.AsyncFunctionDef, returns: list[ast.Return]) -> tuple[str, ...]:
    """What fits: a str() around a str would change nothing."""
    declared = ast.unparse(function.returns).lower() if function.returns else ""
    if declared.startswith("tuple") or any(isinstance(node.value, ast.Tuple) for node in returns):
        return ("list(VALUE)", "str(VALUE)")
    if declared == "str" or any(_is_text(node.value) for node in returns):
        return ("list(VALUE)", "VALUE.encode()")
    return ("str(VALUE)", "str(VALUE)", "VALUE or None")


def _is_text(value: ast.expr | None) -> bool:
    """Whether an expression is plainly a text: a literal, an f-string, a call of one of the methods that give one."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return value.func.attr in _TEXT_METHODS
    return isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))


def _at_start(solution: Solution, statements: str, draws: Draws) -> str | None:
    tree = parsed(solution.source)
    functions = _functions(entry_definition(tree, solution.entry_point)) if tree else []
    if tree is None or not functions:
        return None
    body = draws.pick(functions).body
    body[_after_docstring(body) : _after_docstring(body)] = parse_python(statements).body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _after_docstring(body: list[ast.stmt]) -> int:
    first = body[0]
    return int(
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
