import ast
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.code_figures import MeasuredCode, measure_code
from executor.score_engine import elegance
from memory.attempts import CodeFigures
from memory.code_style import STYLE_RULES
from memory.task_sources import built_in_curriculum

CHECKOUT = Path(__file__).resolve().parents[2]


def measured(code: str) -> MeasuredCode:
    found = measure_code(code)
    assert found is not None
    return found


def habits(code: str) -> list[str]:
    return [issue.rule for issue in measured(textwrap.dedent(code)).issues]


@pytest.mark.parametrize(
    ("code", "complexity"),
    [
        ("x = 1", 1),
        ("def f(): pass", 2),
        ("async def f(): pass", 2),
        ("x = a and b and c or d", 4),
        ("x = [y for y in z if y if not y]", 4),
        ("for x in y: pass\nelse: pass", 3),
        ("while x: pass", 2),
        ("try: pass\nexcept A: pass\nexcept B: pass\nelse: pass\nfinally: pass", 4),
        ("try: pass\nexcept* A: pass", 2),
        ("match x:\n case 1: pass\n case _: pass", 3),
        ("assert x", 2),
        ("x = 1 if y else 2", 2),
        ("if x: pass\nelif y: pass\nelse: pass", 3),
        ("with x: pass", 1),
    ],
)
def test_each_decision_counts_once(code: str, complexity: int) -> None:
    assert measured(code).figures.complexity == complexity


def test_branching_cannot_be_hidden_in_classes_inner_functions_or_the_module() -> None:
    branches = "if a:\n    x = 1\nelse:\n    x = 2\n"
    inner = f"def f(a):\n    def g():\n{textwrap.indent(branches, ' ' * 8)}    return g\n"
    method = f"class A:\n    def f(self, a):\n{textwrap.indent(branches, ' ' * 8)}"
    codes = (branches, f"def f(a):\n{textwrap.indent(branches, '    ')}", method, inner)
    assert [measured(code).figures.complexity for code in codes] == [2, 3, 3, 4]


def test_length_cannot_be_hidden_in_one_line() -> None:
    apart = measured("x = 1\ny = 2\nz = x + y\n").figures
    assert measured("x = 1; y = 2; z = x + y").figures.size == apart.size
    assert measured("z = (x := 1) + (y := 2)").figures.size > measured("z = x + y").figures.size


def test_comments_docstrings_annotations_names_and_layout_change_nothing() -> None:
    plain = "def add(a, b):\n    return a + b\n"
    talkative = (
        '"""Sums."""\n\n\ndef add(first_number: int, second_number: dict[str, list[int]]) -> int | None:\n'
        '    """The sum."""\n    # the sum  # noqa\n'
        "    return (\n        first_number\n        + second_number\n    )\n"
    )
    assert measured(talkative) == measured(plain)


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("def f(a=[]):\n    return a\n", ["B006"]),
        ("try:\n    f()\nexcept:\n    pass\n", ["E722"]),
        ("import os\n", ["F401"]),
        ("import os  # noqa\n", ["F401"]),
        ("# ruff: noqa\nimport os\n", ["F401"]),
        ("def f():\n    x = 1\n", ["F841"]),
        ("def f():\n    _x = 1\n", ["F841"]),
        ("x = 1 if y == None else 2\n", ["E711"]),
        ("def f(x):\n    if x:\n        return True\n    return False\n", ["SIM103"]),
        ("print(eval(input()))\n", ["S307"]),
        ("def f(a):\n    for x in a:\n        print(x)\n", []),
        ("match x:\n    case [1, *_]:\n        pass\n", []),
        ("type A = int\n", None),
    ],
)
def test_poor_habits_are_found(code: str, rules: list[str] | None) -> None:
    if rules is None and sys.version_info < (3, 12):
        assert measure_code(code) is None
    else:
        assert habits(code) == (rules or [])


def test_every_rule_is_known_to_ruff_and_no_preview() -> None:
    argv = (sys.executable, "-m", "ruff", "rule", "--all", "--output-format", "json")
    ran = subprocess.run(argv, capture_output=True, check=True)
    stable = {rule["code"] for rule in json.loads(ran.stdout) if not rule["preview"]}
    assert set(STYLE_RULES) - stable == set()


def test_a_comprehension_is_not_worse_than_the_loop_that_it_replaces() -> None:
    loop = "def f(xs):\n    out = []\n    for x in xs:\n        if x:\n            out.append(x * 2)\n    return out\n"
    comprehension = "def f(xs):\n    return [x * 2 for x in xs if x]\n"
    assert elegance(measured(comprehension), measured(loop)) == 1
    assert elegance(measured(loop), measured(comprehension)) < 0.9


def test_a_boolean_is_not_worse_than_the_branches_that_it_replaces() -> None:
    branches = "def f(x):\n    if x > 1:\n        return True\n    else:\n        return False\n"
    plain = "def f(x):\n    return x > 1\n"
    assert elegance(measured(plain), measured(branches)) == 1
    assert elegance(measured(branches), measured(plain)) < 0.9


LINES = st.sampled_from(["x = x + 1", "if x:\n    x = 2", "for y in x:\n    x = y", "x = [y for y in x if y]", "f(x)"])
BODIES = st.lists(LINES, min_size=1, max_size=6)


def function(lines: list[str]) -> str:
    return "def f(x):\n" + textwrap.indent("\n".join([*lines, "return x"]), "    ") + "\n"


@settings(max_examples=25, deadline=None)
@given(BODIES, BODIES)
def test_more_code_is_never_more_elegant_and_twice_as_much_is_less(lines: list[str], more: list[str]) -> None:
    reference = measured(function(lines))
    longer = elegance(measured(function([*lines, *more])), reference)
    assert 0 < longer < 1 == elegance(reference, reference)
    assert elegance(measured(function([*lines, *more, *more])), reference) < longer


@settings(max_examples=25, deadline=None)
@given(BODIES, st.integers(1, 4))
def test_each_branch_more_is_less_elegant(lines: list[str], branches: int) -> None:
    reference = measured(function(lines))
    found = [
        elegance(measured(function([*lines, *["if x:\n    x = 3"] * count])), reference)
        for count in range(branches + 1)
    ]
    assert found == sorted(set(found), reverse=True)


HOSTILE: dict[str, Callable[[], str]] = {
    "signs": lambda: "-" * 49_000 + "1",
    "nots": lambda: "not " * 12_000 + "x",
    "open parentheses": lambda: "(" * 10_000,
    "parentheses": lambda: "(" * 190 + "1" + ")" * 190,
    "attributes": lambda: "a." * 24_000 + "a",
    "calls": lambda: "f" + "()" * 24_000,
    "lists": lambda: "[" * 24_000 + "]" * 24_000,
    "operators": lambda: "1" + "+1" * 24_000,
    "powers": lambda: "1" + "**1" * 16_000,
    "conditions": lambda: "a if a else " * 4000 + "a",
    "lambdas": lambda: "lambda:" * 7000 + "1",
    "f-strings in f-strings": lambda: "f'{" * 16_000 + "}'" * 16_000,
    "format specs": lambda: "f'" + "{a:" * 12_000 + "}" * 12_000 + "'",
    "else ifs": lambda: "if a:\n pass\n" + "elif a:\n pass\n" * 3000,
    "nested blocks": lambda: "".join(" " * depth + "if a:\n" for depth in range(98)) + " " * 98 + "pass",
    "nested classes": lambda: "".join(" " * depth + "class A:\n" for depth in range(98)) + " " * 98 + "pass",
    "nested functions": lambda: "".join(" " * depth + "def f():\n" for depth in range(98)) + " " * 98 + "pass",
    "patterns": lambda: "match a:\n case " + "[" * 24_000 + "]" * 24_000 + ": pass",
    "a table": lambda: "x = [\n" + "1,\n" * 16_000 + "]\n",
    "a long string": lambda: '"""\n' + "a\n" * 24_000 + '"""\n',
    "statements": lambda: "a;" * 24_000,
    "functions": lambda: "def f():0\n" * 4900,
    "a long import": lambda: "import " + "a." * 24_000 + "a",
    "a large number": lambda: "9" * 49_000,
    "null bytes": lambda: "\0" * 49_000,
    "surrogates": lambda: "'\ud800'",
    "an encoding": lambda: "# coding: utf-7\n+AGE-",
    "escapes that warn": lambda: r"x = '\d'",
    "too much": lambda: "x = 1\n" * 1_000_000,
    "nothing": lambda: "",
}


def test_no_code_can_crash_or_stall_the_measurement(tmp_path: Path) -> None:
    places = [tmp_path / f"{number}.py" for number in range(len(HOSTILE))]
    for place, make in zip(places, HOSTILE.values(), strict=True):
        place.write_bytes(make().encode("utf-8", "surrogatepass"))
    program = (
        "import sys\nfrom pathlib import Path\nfrom executor.code_figures import measure_code\n"
        "for name in sys.argv[1:]:\n"
        "    measure_code(Path(name).read_bytes().decode('utf-8', 'surrogatepass'))\n"
        "    print(name, flush=True)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *places],
        capture_output=True, text=True, check=False, timeout=60, cwd=CHECKOUT,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr, ran.stdout.split()) == (0, "", [str(place) for place in places])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_measured_quickly(name: str) -> None:
    code = HOSTILE[name]()
    started = time.process_time()
    measure_code(code)
    assert time.process_time() - started < 5.0  # measured: 0.3 at most, but for 1.2 of the long import


def test_code_that_is_no_python_is_not_measured() -> None:
    assert [measure_code(code) for code in ("def f(", "\0", "x" * 50_001)] == [None, None, None]
    assert measured("").figures == CodeFigures(complexity=1, size=1, issues=0)


class Renamed(ast.NodeTransformer):
    """Gives the variables of a solution other names, of one form."""

    def __init__(self, tree: ast.AST) -> None:
        stored = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        self._names = {name: f"renamed_{number}" for number, name in enumerate(sorted(stored - {"_"}))}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Global(self, node: ast.Global) -> ast.Global:
        node.names = [self._names.get(name, name) for name in node.names]
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        return self.generic_visit(node)


def test_layout_comments_and_names_change_nothing_in_all_the_curriculum() -> None:
    for reference in (task.reference for task in built_in_curriculum() if task.reference):
        plain = measured(reference).figures
        tree = ast.parse(reference)
        assert measured(ast.unparse(tree)).figures == plain
        assert measured(ast.unparse(Renamed(tree).visit(tree))).figures == plain
