import ast
from typing import Any

import pytest

from tests.utils.rehearsal.worlds import COUNTER, ROOTS
from utils.rehearsal import styles
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import Solution

SEEDS = range(30)


def run(code: str, name: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, "restyled", "exec"), names)
    return names[name]


def test_a_local_variable_gets_another_name_and_the_meaning_stays() -> None:
    codes = {styles.renamed(Solution(ROOTS, "roots"), Draws(seed)) or "" for seed in SEEDS}
    assert len(codes) > 3
    assert ast.unparse(ast.parse(ROOTS)) + "\n" not in codes
    assert [run(code, "roots")([16, -3, 2]) for code in codes] == [(4, 1)] * len(codes)


@pytest.mark.parametrize(
    "body",
    [
        "return x",
        "global y\n    y = x\n    return y",
        "y = x\n    return locals()['y']",
        "_y = x\n    return _y",
        "for max in [x]:\n        pass\n    return max",
        "z = [f for f in [x]]\n    class A:\n        z = 1\n    return z[0]",
        "shared = x\n    return shared",
        "import math as y\n    y = x\n    return y",
    ],
)
def test_a_variable_that_something_else_could_see_keeps_its_name(body: str) -> None:
    source = f"shared = 2\ndef f(x=shared):\n    {body}\n"
    assert styles.renamed(Solution(source, "f"), Draws(1)) is None


def test_a_variable_of_a_comprehension_inside_of_a_call_is_renamed_everywhere() -> None:
    source = "def f(xs):\n    total = sum(total * 2 for total in xs)\n    return f'{total}'\n"
    assert run(styles.renamed(Solution(source, "f"), Draws(1)) or "", "f")([1, 2]) == "6"


def test_a_docstring_is_added_only_where_there_is_none() -> None:
    bare = Solution("def f(x):\n    return x\n", "f")
    assert run(styles.documented(bare, Draws(1)) or "", "f").__doc__
    assert styles.documented(Solution(ROOTS, "roots"), Draws(1)) is None
    assert styles.documented(Solution("f = len\n", "f"), Draws(1)) is None


@pytest.mark.parametrize("style", [styles.renamed, styles.documented, styles.reprinted])
def test_what_is_no_python_has_no_style(style: Any) -> None:
    assert style(Solution("def f(:", "f"), Draws(1)) is None


def test_a_class_can_be_restyled_too() -> None:
    codes = {styles.restyled(Solution(COUNTER, "Counter"), Draws(seed)) for seed in SEEDS}
    assert [run(code, "Counter")(2).up() for code in codes] == [1] * len(codes)
    assert len(codes) > 2
