"""How the code of a check is run, in both judges alike.

Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import ast

CHECK_FILE = "<check>"
MODULE, FILE = "solution", "solution.py"
"""Under which name and in which file the solution finds itself."""


def parsed(code: str, entry_point: str) -> ast.Module:
    """The check's code; a `check(candidate)` that it defines and nobody calls is called, as HumanEval's is."""
    tree = ast.parse(code, CHECK_FILE)
    defined = next((each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "check"), None)
    if defined is not None and not any(_names(node, "check") for node in ast.walk(tree)):
        given: list[ast.expr] = [ast.Name(id=entry_point, ctx=ast.Load())] if defined.args.args else []
        call = ast.Call(func=ast.Name(id="check", ctx=ast.Load()), args=given, keywords=[])
        tree.body.append(ast.fix_missing_locations(ast.copy_location(ast.Expr(value=call), defined)))
    return tree


def _names(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
