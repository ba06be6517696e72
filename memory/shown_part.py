"""A task without some of its checks: what is left of snippets, and of what they were made of."""

import ast
from collections import defaultdict
from collections.abc import Sequence

from memory.check_sites import Site, names_in, plain_snippet
from memory.tasks import Check, Task
from utils.python_source import parse_python


def reduced(task: Task, hidden: Sequence[Site]) -> Task:
    """The task without these sites, without its fresh inputs, and without values that only these sites used.

    A snippet of which a part is left has a name that says nothing.
    """
    gone = {kind: {site.index for site in hidden if site.kind == kind} for kind in ("case", "program")}
    checks = _checks(task, [site for site in hidden if site.kind == "check"])
    programs = zip(task.check_names, task.program_cases, strict=False) if task.program_cases else ()
    kept = [case.model_copy(update={"name": name}) for name, case in programs]
    return task.model_copy(
        update={
            "checks": checks,
            "cases": tuple(case for at, case in enumerate(task.cases) if at not in gone["case"]),
            "program_cases": tuple(case for at, case in enumerate(kept) if at not in gone["program"]),
            "generator": None,
            "setup": _needed_setup(task.setup, [check.code for check in checks]),
        }
    )


def _checks(task: Task, hidden: Sequence[Site]) -> tuple[Check, ...]:
    without = defaultdict[int, list[Site]](list)
    for site in hidden:
        without[site.index].append(site)
    left = [(at, check, _left(task, check, without[at])) for at, check in enumerate(task.checks)]
    return tuple(
        check if code == check.code else Check(name=f"check {at + 1}", code=code)
        for at, check, code in left
        if code
    )  # fmt: skip


def _left(task: Task, check: Check, hidden: Sequence[Site]) -> str:
    """The snippet without the hidden asserts; empty if no assert is left."""
    if not hidden:
        return check.code
    snippet = plain_snippet(task, check.code)
    gone = {place for site in hidden for place in site.asserts}
    if snippet is None or not gone or len(gone) == len(snippet.asserts):
        return ""
    drop = {id(each) for place, each in enumerate(snippet.asserts) if place in gone}
    body = _needed([line for line in snippet.lines if id(line) not in drop], frozenset())
    for runner in snippet.tree.body:
        if isinstance(runner, ast.FunctionDef):
            runner.body = [line for line in runner.body if any(line is each for each in body)]
    kept = [line for line in snippet.tree.body if any(line is each for each in body) or not _is_line(line)]
    return ast.unparse(ast.Module(kept, []))


def _is_line(line: ast.stmt) -> bool:
    """Whether it is one of those that may be left out; the function `check` and its call stay."""
    call = isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)
    return not call and not isinstance(line, ast.FunctionDef)


def _needed_setup(setup: str, snippets: Sequence[str]) -> str:
    """The setup without values that none of the snippets uses."""
    try:
        body = parse_python(setup).body
        mentioned = frozenset(name for code in snippets for name in names_in(parse_python(code)))
        needed = _needed(body, mentioned)
    except (SyntaxError, RecursionError):
        return setup
    return setup if len(needed) == len(body) else ast.unparse(ast.Module(needed, []))


def _needed(lines: Sequence[ast.stmt], mentioned: frozenset[str]) -> list[ast.stmt]:
    """The lines but for assignments of names that no later line, and nobody else, mentions."""
    kept = list[ast.stmt]()
    for line in reversed(lines):
        match line:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                used = name in mentioned
            case _:
                used = True
        if used:
            kept.append(line)
            mentioned |= names_in(line)
    return kept[::-1]
