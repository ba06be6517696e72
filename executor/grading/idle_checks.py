"""Checks that no solution can fail, or that ask the solution nothing: told from their text, before anything is run."""

import ast
import builtins
from collections.abc import Collection, Iterator

from utils.python_source import parse_python

_BRANCHES = (ast.If, ast.For, ast.While, ast.Try, ast.Match)


def idle_flaw(code: str, names: Collection[str]) -> str:
    """Why this check decides nothing, in one line; empty if its text does not say so.

    Args:
        code: the check.
        names: what it may call of the solution.
    """
    try:
        tree = parse_python(code)
    except SyntaxError as error:
        return f"a check is no valid Python ({error.msg})"
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    for each in asserts:
        if isinstance(each.test, ast.Tuple) and each.test.elts:
            return f"`{_line(each)}` can never fail: its brackets make it a pair, which is always true"
    touched = _Touched(tree, names)
    raised = any(isinstance(node, ast.Raise) for node in ast.walk(tree))
    if raised or any(touched.decides(each) or touched.branches_over(each) for each in asserts):
        return ""
    if always := next(filter(_always_holds, asserts), None):
        return f"`{_line(always)}` can never fail"
    return f"`{_line(asserts[0])}` does not look at anything of the solution" if asserts else "a check holds no assert"


def _line(node: ast.Assert) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004


def _always_holds(node: ast.Assert) -> bool:
    match node.test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.JoinedStr(values=parts):
            return bool(parts)
        case ast.Dict(keys=keys):
            return bool(keys)
        case ast.Lambda() | ast.GeneratorExp():
            return True
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_always_holds(ast.Assert(test=value)) for value in values)
    return False


class _Touched:
    """Which names of a check hold something that the solution had a hand in; rather too many than too few."""

    def __init__(self, tree: ast.Module, names: Collection[str]) -> None:
        self._tree = tree
        self._names = {*names, *unbound(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "check":
                self._names.update(argument.arg for argument in node.args.args)
        while self._grow():
            pass

    def _grow(self) -> bool:
        before = len(self._names)
        for node in ast.walk(self._tree):
            if isinstance(node, ast.stmt | ast.NamedExpr | ast.comprehension | ast.Call) and self.looks_at(node):
                self._names.update(_bound_by(node))
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in self._names:
                self._names.update(part.arg for part in ast.walk(node) if isinstance(part, ast.arg))
        return len(self._names) > before

    def looks_at(self, node: ast.AST) -> bool:
        """Whether a part of the tree uses what the solution had a hand in."""
        return any(isinstance(part, ast.Name) and part.id in self._names for part in ast.walk(node))

    def decides(self, node: ast.Assert) -> bool:
        """Whether an assert can fail for what the solution does; `assert False` marks a place not to be reached."""
        if isinstance(node.test, ast.Constant):
            return not node.test.value
        return not _always_holds(node) and self.looks_at(node.test)

    def branches_over(self, node: ast.Assert) -> bool:
        """Whether the assert is run or not by what the solution does: a check none of whose asserts ran has failed."""
        branches = (each for each in ast.walk(self._tree) if isinstance(each, _BRANCHES))
        return any(any(part is node for part in ast.walk(each)) and self.looks_at(each) for each in branches)


def unbound(tree: ast.Module) -> set[str]:
    """Names that code uses and never binds: of a check its setup's, which may call the solution, or nobody's."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in found if not isinstance(node.ctx, ast.Load)} | set(dir(builtins))
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                bound.add(other or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                bound.add(name)
    return {node.id for node in found} - bound


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Names that a statement or a call gives something of what it uses; of a block, those of all its parts."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Call():
            yield from _all_names(node)
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.NamedExpr():
            for part in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from _all_names(part)
        case ast.For(target=target) | ast.comprehension(target=target):
            yield from _all_names(target)
        case ast.With(items=items):
            yield from (name for item in items if item.optional_vars for name in _all_names(item.optional_vars))
        case ast.Try(handlers=handlers):
            yield from (handler.name for handler in handlers if handler.name)
        case ast.Match():
            yield from (part.name for part in ast.walk(node) if isinstance(part, ast.MatchAs) and part.name)


def _all_names(node: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
