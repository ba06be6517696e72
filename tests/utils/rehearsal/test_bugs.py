import subprocess
import sys
from typing import Any

import pytest

from tests.utils.rehearsal.worlds import COUNTER, ROOTS
from utils.rehearsal import bugs
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import Solution, parsed
from utils.rehearsal.tables import BugKind

ROOTS_SOLUTION = Solution(ROOTS, "roots")
COUNTER_SOLUTION = Solution(COUNTER, "Counter")
SEEDS = range(25)


def every(breaker: bugs.Breaker, solution: Solution) -> set[str | None]:
    return {breaker(solution, Draws(seed)) for seed in SEEDS}


def namespace(code: str | None) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code or "", "broken", "exec"), names)
    return names


def ends_within(code: str | None, call: str, seconds: float) -> bool:
    try:
        subprocess.run([sys.executable, "-c", f"{code}\n{call}"], timeout=seconds, check=True)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.mark.parametrize("kind", sorted(set(bugs.BREAKERS) - {BugKind.SYNTAX_ERROR, BugKind.TRUNCATED}))
@pytest.mark.parametrize("solution", [ROOTS_SOLUTION, COUNTER_SOLUTION], ids=["function", "class"])
def test_kinds_that_are_met_when_run_compile_and_differ_from_the_solution(kind: BugKind, solution: Solution) -> None:
    broken = every(bugs.BREAKERS[kind], solution) - {None}
    assert all(parsed(code or "") is not None for code in broken)
    assert solution.source not in broken


@pytest.mark.parametrize("solution", [ROOTS_SOLUTION, COUNTER_SOLUTION, Solution("", "f"), Solution("x = 1", "f")])
def test_a_syntax_error_never_compiles(solution: Solution) -> None:
    assert all(parsed(code or "") is None for code in every(bugs.syntax_error, solution))


@pytest.mark.parametrize("solution", [ROOTS_SOLUTION, COUNTER_SOLUTION])
def test_truncated_code_is_a_start_of_the_solution_that_does_not_compile(solution: Solution) -> None:
    broken = every(bugs.truncated, solution)
    assert all(solution.source.startswith(code or "-") and parsed(code or "") is None for code in broken)
    assert len(broken) > 5


def test_what_cannot_be_cut_badly_is_still_cut() -> None:
    assert bugs.truncated(Solution("x = 1111111111", None), Draws(1)) in {
        f"x = {'1' * count}" for count in range(4, 10)
    }


def test_the_first_or_the_last_guard_is_forgotten() -> None:
    broken = every(bugs.forgotten_case, ROOTS_SOLUTION)
    kept = {("if not numbers" in (code or ""), "if number < 0" in (code or "")) for code in broken}
    assert kept == {(True, False), (False, True)}


def test_a_function_that_was_nothing_but_a_guard_still_compiles() -> None:
    only = Solution("def f(x):\n    if x:\n        return 1\n", "f")
    assert namespace(bugs.forgotten_case(only, Draws(1)))["f"](1) is None


def test_a_forgotten_import_is_met_as_a_name_error() -> None:
    with pytest.raises(NameError, match="math"):
        namespace(bugs.missing_import(ROOTS_SOLUTION, Draws(1)))["roots"]([1])


def test_an_import_inside_of_a_function_can_be_forgotten_too() -> None:
    local = Solution(
        "def f(x):\n    try:\n        import math\n    finally:\n        pass\n    return math.sqrt(x)\n", "f"
    )
    with pytest.raises(NameError, match="math"):
        namespace(bugs.missing_import(local, Draws(1)))["f"](4)


def test_imports_that_nothing_uses_and_future_imports_are_never_the_forgotten_ones() -> None:
    source = "from __future__ import annotations\nimport math\nannotations = 1\n"
    assert bugs.missing_import(Solution(source, None), Draws(1)) is None


def test_the_entry_point_stands_under_another_name_and_still_calls_itself() -> None:
    count = Solution("def count(n):\n    return 0 if n == 0 else 1 + count(n - 1)\n", "count")
    names = [namespace(code) for code in every(bugs.wrong_name, count)]
    functions = [value for found in names for value in found.values() if getattr(value, "__name__", "") != "builtins"]
    answers = [function(3) for function in functions if callable(function)]
    assert not any("count" in found for found in names)
    assert answers == [3] * len(names)


def test_wrong_types_are_met_in_the_result() -> None:
    found = {type(namespace(code)["roots"]([4])) for code in every(bugs.wrong_type, ROOTS_SOLUTION)}
    assert found <= {str, list, tuple}
    assert str in found


def test_a_tuple_comes_as_a_list_and_a_str_is_not_wrapped_in_str() -> None:
    pair = Solution("def f(x):\n    return (x, x)\n", "f")
    text = Solution("def f(x) -> str:\n    return x\n", "f")
    pairs = [namespace(code)["f"](1) for code in every(bugs.wrong_type, pair)]
    joined = Solution("def f(x):\n    if x == 'b':\n        return f'{x}'\n    return ''.join(x)\n", "f")
    texts = [namespace(code)["f"]("a") for code in [*every(bugs.wrong_type, text), *every(bugs.wrong_type, joined)]]
    assert sorted(map(repr, pairs)) == ["'(1, 1)'", "[1, 1]"]
    assert sorted(map(repr, texts)) == ["['a']", "['a']", "b'a'", "b'a'"]


def test_returns_of_inner_functions_and_of_none_are_left_alone() -> None:
    source = "def f(x):\n    def g():\n        return 1\n    if x:\n        return None\n    return g()\n"
    broken = every(bugs.wrong_type, Solution(source, "f"))
    assert all("return 1\n" in (code or "") and "return None" in (code or "") for code in broken)


@pytest.mark.parametrize(("solution", "call"), [(ROOTS_SOLUTION, "roots([1])"), (COUNTER_SOLUTION, "Counter(3).up()")])
@pytest.mark.parametrize("breaker", [bugs.endless_loop, bugs.slow])
def test_an_endless_and_a_slow_loop_do_not_end(breaker: bugs.Breaker, solution: Solution, call: str) -> None:
    assert ends_within(solution.source, call, 5)
    assert not ends_within(breaker(solution, Draws(2)), call, 1)


@pytest.mark.parametrize("kind", sorted(set(bugs.BREAKERS) - {BugKind.SYNTAX_ERROR, BugKind.TRUNCATED}))
@pytest.mark.parametrize("source", ["x = 1\n", "def f(:"])
def test_a_kind_that_has_no_place_in_a_solution_gives_nothing(kind: BugKind, source: str) -> None:
    assert bugs.BREAKERS[kind](Solution(source, "f"), Draws(1)) is None
