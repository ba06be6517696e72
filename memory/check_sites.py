"""The places at which a task's checks ask its solution: the units that are shown whole or not at all.

A site is a case, a program's case, a single assert of a snippet that holds nothing but independent asserts, or a whole
snippet where its asserts hang together: by other statements, by values that they share, by a solution that is kept.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from memory.solution_calls import arguments, form, forms
from memory.tasks import Check, Task
from utils.python_source import parse_python

RUNNER = "check"
"""The name of the function that HumanEval's snippets define and call with the solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One unit of the split.

    Attributes:
        kind: which list of the task it belongs to.
        index: its check or case in that list.
        asserts: for a part of a snippet the places of its asserts among all of the snippet; empty: the whole.
        assertions: how many it makes.
        content: what it says, whatever its layout.
        calls: the forms of its calls; None where they cannot be told.
        arguments: what its calls are given, squeezed; empty where that cannot be told.
        wants: what a right answer is, as it is written; a way to tell apart, not a value.
        sources: the words of its assertions in a verdict; empty: all of its check.
        shares: keys that sites have in common which cannot be parted.
    """

    kind: Literal["check", "case", "program"]
    index: int
    asserts: tuple[int, ...] = ()
    assertions: int = 1
    content: str
    calls: frozenset[str] | None = None
    arguments: frozenset[str] = frozenset()
    wants: str = ""
    sources: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Snippet:
    """The lines of a snippet of independent asserts, and the names under which they know the solution."""

    tree: ast.Module
    lines: list[ast.stmt]
    names: Mapping[str, str]

    @property
    def asserts(self) -> list[ast.Assert]:
        """In their order."""
        return [line for line in self.lines if isinstance(line, ast.Assert)]


def sites_of(task: Task) -> tuple[Site, ...]:
    """All sites of a task, in its order."""
    if task.mode == "stdio":
        return tuple(
            Site(kind="program", index=at, content=f"{case.stdin}\0{case.stdout}", wants=case.stdout)
            for at, case in enumerate(task.program_cases)
        )
    if task.mode != "calls":
        return ()
    given = assigned(_parsed(task.setup))
    checks = (site for at, check in enumerate(task.checks) for site in _of_check(task, at, check, given))
    return (*checks, *_cases(task))


def own_names(task: Task) -> dict[str, str]:
    """The names of the interface, each for itself."""
    return {name: name for name in task.callable_names}


def _cases(task: Task) -> Iterator[Site]:
    for at, case in enumerate(task.cases):
        tree = parse_python(case.call.strip())
        wanted = f"{case.raises or ''}\0{case.expected or ''}\0{case.after or ''}"
        content = f"{ast.dump(tree)}\0{''.join(wanted.split())}"
        names = own_names(task)
        yield Site(
            kind="case",
            index=at,
            content=content,
            calls=forms(tree, names),
            arguments=arguments(tree, names),
            wants=wanted,
        )


def _of_check(task: Task, at: int, check: Check, given: frozenset[str]) -> Sequence[Site]:
    try:
        snippet = plain_snippet(task, check.code)
        return [_whole(task, at, check, given)] if snippet is None else [*_asserts(snippet, at, given)]
    except RecursionError:  # a tree too deep to be written down; nothing is known of it
        return [Site(kind="check", index=at, content=check.code)]


def _asserts(snippet: Snippet, at: int, given: frozenset[str]) -> Iterator[Site]:
    own = assigned(ast.Module(snippet.lines, []))
    for place, line in enumerate(snippet.asserts):
        loaded = names_in(line)
        yield Site(
            kind="check",
            index=at,
            asserts=(place,),
            content=form(line.test, snippet.names),
            calls=forms(line, snippet.names),
            arguments=arguments(line, snippet.names),
            wants=_wanted(line.test),
            sources=frozenset({ast.unparse(line.test)}),
            shares=frozenset({f"snippet {at}"} if loaded & own else ()) | _of_setup(loaded, given),
        )


def _wanted(test: ast.expr) -> str:
    match test:
        case ast.Compare(comparators=[wanted]):
            return ast.unparse(wanted)
        case ast.UnaryOp(op=ast.Not()):
            return "False"
        case ast.Call(func=ast.Name(id="raises"), args=[kind, *_]):
            return f"raises {ast.unparse(kind)}"
    return "True"


def _whole(task: Task, at: int, check: Check, given: frozenset[str]) -> Site:
    tree = _parsed(check.code)
    binds = any(isinstance(node, ast.Name | ast.arg) and not _loads(node) for node in ast.walk(tree))
    return Site(
        kind="check",
        index=at,
        assertions=max(1, sum(isinstance(node, ast.Assert) for node in ast.walk(tree))),
        content=ast.dump(tree),
        calls=None if binds else forms(tree, own_names(task)),
        wants=f"snippet {at}",
        shares=_of_setup(names_in(tree), given),
    )


def _of_setup(loaded: frozenset[str], given: frozenset[str]) -> frozenset[str]:
    return frozenset({"setup"} if loaded & given else ())


def _loads(node: ast.Name | ast.arg) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def plain_snippet(task: Task, code: str) -> Snippet | None:
    """The snippet, if it holds nothing but imports, constants and asserts that stand for themselves; else None."""
    tree = _parsed(code)
    names, lines = own_names(task), list[ast.stmt]()
    runs = RUNNER not in names and _runs(tree.body, names)
    for line in tree.body:
        match line:
            case ast.FunctionDef(name="check", args=ast.arguments(args=[ast.arg(arg=candidate)])) if runs:
                names[candidate] = task.entry_point or candidate
                lines += line.body
            case ast.Expr(value=ast.Call()) if runs:
                continue
            case _:
                lines.append(line)
    return Snippet(tree, lines, names) if lines and all(_stands_alone(line, names) for line in lines) else None


def _runs(body: Sequence[ast.stmt], names: Mapping[str, str]) -> bool:
    """Whether the snippet calls its one function `check` once, with the entry point."""
    calls = [line.value for line in body if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)]
    defined = sum(isinstance(line, ast.FunctionDef) for line in body)
    match calls:
        case [ast.Call(func=ast.Name(id="check"), args=[ast.Name(id=asked)], keywords=[])]:
            return defined == 1 and asked == next(iter(names), "")
    return False


def _stands_alone(line: ast.stmt, names: Mapping[str, str]) -> bool:
    match line:
        case ast.Assert():
            return not any(isinstance(node, ast.NamedExpr | ast.Await | ast.Yield) for node in ast.walk(line))
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            return not names_in(line) & names.keys()
    return False


def _parsed(code: str) -> ast.Module:
    """The tree; an empty one for what is no Python, which then is one site that nothing is known of."""
    try:
        return parse_python(code)
    except SyntaxError:
        return ast.Module([], [])


def names_in(tree: ast.AST) -> frozenset[str]:
    """All names that the code mentions."""
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def assigned(tree: ast.Module) -> frozenset[str]:
    """Names that the code's own lines give a value; imports, functions and classes are none."""
    return frozenset(
        node.id
        for line in tree.body
        if isinstance(line, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for node in ast.walk(line)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
