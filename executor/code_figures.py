"""How complex and how long a piece of Python is, and which poor habits it shows.

    complexity  1 + the decisions of the module and all of its functions (McCabe 1976), one more for each function;
                `and`, `or`, comprehensions, conditional expressions and assertions decide too
    size        statements and expressions; annotations, docstrings and layout are not counted, nor how long names are
    issues      what ruff finds of memory.code_style

Ruff runs as a process of its own, for some milliseconds: what crashes it crashes nothing else. What it says is kept,
so that a reference is looked at once.
"""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import ruff  # type: ignore[import-untyped]  # it has no types

from memory.attempts import CodeFigures, StyleIssue
from memory.code_style import STYLE_RULES
from utils.python_source import parse_python
from utils.text import one_line

MAX_MEASURED_CHARS = 50_000
DEEPEST = 1000
"""Deeper trees would overflow ruff's stack; it takes some 4000 levels."""
LINT_WITHIN_S = 10.0
ISSUES_KEPT = 20
LINE_CHARS = 120
MEASURED_KEPT = 128
_ANSWERED = 0
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_TYPES = frozenset({"annotation", "returns", "type_params", "type_comment"})
_OPTIONS = (
    "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--ignore-noqa", "--output-format", "json",
    "--target-version", "py314", "--select", ",".join(STYLE_RULES),
    "--line-length", "320",  # some habits are only told where the better line is short enough
    "--config", 'lint.dummy-variable-rgx = "^_$"',
    "-",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredCode:
    """The figures of a piece of code, and its poor habits, one for each rule, by line, at most 20."""

    figures: CodeFigures
    issues: tuple[StyleIssue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Visit:
    node: ast.AST
    depth: int
    counts: bool


@lru_cache(maxsize=MEASURED_KEPT)
def measure_code(code: str) -> MeasuredCode | None:
    """Its figures and habits; None if it is no Python or too long to be worth it."""
    if len(code) > MAX_MEASURED_CHARS:
        return None
    try:
        visits = list(_walk(parse_python(code)))
    except SyntaxError:
        return None
    depth = max(visit.depth for visit in visits)
    found = _lint(code) if depth <= DEEPEST else None
    figures = CodeFigures(
        complexity=1 + sum(_decisions(visit.node) for visit in visits),
        size=max(1, sum(visit.counts and _is_code(visit.node) for visit in visits)),
        issues=None if found is None else sum(issue.count for issue in found),
    )
    return MeasuredCode(figures, tuple(found or ())[:ISSUES_KEPT])


def _walk(tree: ast.AST) -> Iterator[_Visit]:
    """All nodes; those of annotations do not count as code."""
    waiting = [_Visit(tree, 0, counts=True)]
    while waiting:
        visit = waiting.pop()
        yield visit
        words = _is_words(visit.node)
        for name, value in ast.iter_fields(visit.node):
            children = value if isinstance(value, list) else (value,)
            counts = visit.counts and not words and name not in _TYPES
            waiting += [_Visit(child, visit.depth + 1, counts) for child in children if isinstance(child, ast.AST)]


def _is_words(node: ast.AST) -> bool:
    """A docstring, or another constant that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt | ast.expr) and not _is_words(node)


def _decisions(node: ast.AST) -> int:
    """How many ways a node adds to those through the code; a function adds the one through itself."""
    count = 0
    match node:
        case ast.BoolOp(values=values):
            count = len(values) - 1
        case ast.comprehension(ifs=ifs):
            count = 1 + len(ifs)
        case ast.For(orelse=orelse) | ast.AsyncFor(orelse=orelse) | ast.While(orelse=orelse):
            count = 1 + bool(orelse)
        case ast.Try(handlers=handlers, orelse=orelse) | ast.TryStar(handlers=handlers, orelse=orelse):
            count = len(handlers) + bool(orelse)
        case ast.Match(cases=cases):
            count = len(cases)
        case ast.If() | ast.IfExp() | ast.Assert() | ast.FunctionDef() | ast.AsyncFunctionDef():
            count = 1
    return count


def _lint(code: str) -> list[StyleIssue] | None:
    """One issue for each rule that is broken, by line; None if ruff gave no answer."""
    try:
        ran = subprocess.run(
            (ruff.find_ruff_bin(), *_OPTIONS),
            input=code.encode("utf-8"), capture_output=True, check=False, timeout=LINT_WITHIN_S,
            env={"RAYON_NUM_THREADS": "1"}, start_new_session=True,  # Ctrl-C is for the loop
        )  # fmt: skip
        found = json.loads(ran.stdout) if ran.returncode == _ANSWERED else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return None if found is None else _by_rule(found, _LINE_ENDS.split(code))


def _by_rule(found: list[dict[str, object]], lines: list[str]) -> list[StyleIssue]:
    rows: dict[str, list[int]] = {}
    for each in found:
        rule, place = str(each.get("code")), each.get("location")
        if rule in STYLE_RULES and isinstance(place, dict):
            rows.setdefault(rule, []).append(max(1, int(place.get("row", 1))))
    issues = [
        StyleIssue(rule=rule, count=len(where), line=min(where), text=_line(lines, min(where)))
        for rule, where in rows.items()
    ]
    return sorted(issues, key=lambda issue: (issue.line, issue.rule))


def _line(lines: list[str], number: int) -> str:
    return one_line(lines[number - 1].strip(), LINE_CHARS) if number <= len(lines) else ""
