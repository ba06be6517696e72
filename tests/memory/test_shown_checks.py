import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.cases import Case, Generator, ProgramCase
from memory.shown_checks import shown_task, split
from memory.task_sources import built_in_curriculum
from memory.tasks import Check, Task
from tests.memory.builders import a_task

SIX = tuple(f"assert f({number}) == {number * number}" for number in range(6))


def of_f(*codes: str, **fields: Any) -> Task:
    checks = tuple(Check(name=code[:200], code=code) for code in codes)
    return a_task("f", **{"goal": "Square it.", "entry_point": "f", "checks": checks, **fields})


def codes(task: Task | None) -> list[str]:
    assert task is not None
    return [check.code for check in task.checks]


def counts(task: Task) -> tuple[int, int]:
    found = split(task)
    return found.seen, found.unseen


def test_a_third_of_the_assertions_and_two_at_least_decide_unseen() -> None:
    assert [counts(of_f(*SIX[:number])) for number in (1, 2, 3, 6)] == [(0, 1), (0, 2), (1, 2), (4, 2)]
    assert counts(of_f(*(f"assert f({number}) == 1" for number in range(30)))) == (20, 10)


def test_what_is_shown_and_what_is_not_are_the_whole() -> None:
    shown = codes(shown_task(of_f(*SIX)))
    assert len(shown) == 4
    assert set(shown) < set(SIX)


def test_nothing_of_a_list_that_is_too_short_is_shown_and_it_decides() -> None:
    task = of_f(*SIX[:2])
    assert shown_task(task) is None
    assert not split(task).all_shown


def test_the_order_of_the_checks_changes_nothing() -> None:
    mixed = random.Random(1).sample(SIX, 6)
    assert set(codes(shown_task(of_f(*mixed)))) == set(codes(shown_task(of_f(*SIX))))


@given(st.integers(min_value=6, max_value=60))
def test_one_more_check_moves_at_most_one_other_out_of_the_dark(number: int) -> None:
    before = {site.content for site in split(of_f(*SIX)).hidden}
    after = {site.content for site in split(of_f(*SIX, f"assert f({number}) == 0")).hidden}
    assert len(before - after) <= 1


@pytest.mark.parametrize(
    "fields",
    [
        {"goal": "Square it, so that f( 3 ) gives 9."},
        {"starter": 'def f(x):\n    """Square.\n\n    >>> f(3)\n    9\n    """\n'},
        {"examples": ("assert f(3) == 9",)},
        {"examples": ("assert raises(ValueError, f, 3)",)},
        {"name": "f(3)"},
    ],
)
def test_a_check_whose_call_stands_in_what_is_given_counts_as_shown(fields: dict[str, Any]) -> None:
    task = of_f("assert f(3) == 9", "assert f(4) == 16", "assert f(5) == 25", **fields)
    assert codes(shown_task(task)) == ["assert f(3) == 9"]
    assert counts(task) == (1, 2)


@pytest.mark.parametrize(
    "told",
    ["f(['a b', 1])", 'f( ["a b",1] )', "so that f([\n'a b', 1]) holds", 'as in ["a b", 1] --> 2', ">>> f(['a b', 1])"],
)
def test_quotes_and_white_space_of_a_told_call_do_not_count(told: str) -> None:
    task = of_f('assert f(["a b", 1]) == 2', goal=f"Count. {told}")
    assert (split(task).all_shown, counts(task), shown_task(task)) == (True, (1, 0), None)


@pytest.mark.parametrize("told", ["f(30)", "ff(3)", "o.f(3)", "f(3", "f(x)", "3 --> 9"])
def test_another_call_tells_nothing(told: str) -> None:
    assert not split(of_f("assert f(3) == 9", goal=f"Square. {told}")).all_shown


def test_a_person_may_ask_for_all_to_be_shown() -> None:
    task = of_f(*SIX, show_checks=True)
    assert (shown_task(task), split(task).all_shown, counts(task)) == (task, True, (6, 0))


def test_fresh_inputs_are_unseen() -> None:
    drawn = {"generator": Generator(source="def inputs(rng):\n    yield (1,)\n"), "reference": "def f(x): return x"}
    task = of_f(*SIX, **drawn)
    assert counts(task) == (6, 8)
    assert (codes(shown_task(task)), shown_task(task).generator) == (list(SIX), None)  # type: ignore[union-attr]


HUMAN_EVAL = """METADATA = {'secret': 17}

def check(candidate):
    import math
    table = [4, 5]
    assert candidate(1) == 1
    assert candidate(2) == 4, "two"
    assert candidate(3) == 9
    assert candidate(4) == table
    assert candidate(table) == 6
    assert True

check(f)
"""


def test_each_assert_of_a_function_check_is_one_and_those_that_share_a_value_stay_together() -> None:
    task = of_f(HUMAN_EVAL)
    hidden = split(task).hidden
    places = [site.asserts for site in hidden]
    assert counts(task)[1] >= 2
    assert ((3,) in places) == ((4,) in places)
    shown = shown_task(task)
    assert shown is not None
    assert "METADATA" not in shown.checks[0].code
    assert shown.checks[0].name == "check 1"
    assert ("table" in shown.checks[0].code) == ((3,) not in places)
    assert shown.checks[0].code.endswith("check(f)")


STATEFUL = 'reset()\nassert f("a", {0}) == 1\nassert f("b") == 2'


def test_a_snippet_with_other_statements_is_shown_whole_or_not_at_all() -> None:
    task = of_f(*(STATEFUL.format(number) for number in range(6)), interface=("reset",))
    shown = codes(shown_task(task))
    assert set(shown) < {STATEFUL.format(number) for number in range(6)}
    assert counts(task) == (2 * len(shown), 2 * (6 - len(shown)))
    assert counts(task)[1] >= 4


@pytest.mark.parametrize(
    "code",
    [
        "for x in (1, 2):\n    assert f(x) == x",
        "try:\n    f(1)\nexcept ValueError:\n    pass\nelse:\n    assert False",
        "x = f(1)\nassert x == 1\nassert x != 2",
        "def helper(x):\n    return f(x)\nassert helper(1) == 1\nassert helper(2) == 1",
        "assert (y := f(1)) == 1\nassert y",
    ],
)
def test_asserts_that_hang_together_are_one(code: str) -> None:
    (site,) = split(of_f(code)).hidden
    assert site.asserts == ()


def test_equal_calls_are_shown_or_hidden_together() -> None:
    task = of_f("assert f(1) == 1", "assert f(1) > 0", "assert f(1) < 2", "assert isinstance(f( 1 ), int)")
    assert counts(task) == (0, 4)


def test_what_hangs_together_by_way_of_a_third_stays_together() -> None:
    task = of_f("a = 1\nassert f(1) == a\nassert f(2) == a", "assert f(2) == 2", "assert f(1) == 2", *SIX[3:])
    first = {(site.index, site.asserts) for site in split(task).hidden if site.index < 3}
    assert first in (set(), {(0, (0,)), (0, (1,)), (1, (0,)), (2, (0,))})


def test_a_long_list_is_split_in_no_time_to_speak_of() -> None:
    code = "".join(f"    assert candidate([{n}, 'x']) == {n}\n" for n in range(1500))
    assert counts(of_f(f"def check(candidate):\n{code}check(f)\n")) == (1000, 500)


def test_values_of_the_setup_that_only_hidden_checks_use_are_left_out() -> None:
    task = of_f("assert f(1) == TABLE[1]", *SIX[2:4], setup="import math\nTABLE = {1: 1}\n", goal="f(2) and f(3)")
    assert shown_task(task).setup == "import math"  # type: ignore[union-attr]


def test_cases_are_split_by_their_calls() -> None:
    cases = tuple(Case(call=f"f({number})", expected="1") for number in range(6))
    task = of_f(cases=cases, goal="As in f(0).")
    shown = shown_task(task)
    assert shown is not None
    assert counts(task) == (4, 2)
    assert "f(0)" in [case.call for case in shown.cases]


def test_programs_are_split_by_what_they_read_and_print() -> None:
    cases = tuple(ProgramCase(stdin=f"{number} x\n", stdout=f"{number * number}\n") for number in range(3, 9))
    task = of_f(program_cases=cases, entry_point=None, goal="Read `3 x`, print `9`.")
    shown = shown_task(task)
    assert shown is not None
    assert counts(task) == (4, 2)
    assert ("3 x\n", "case 1") in [(case.stdin, case.name) for case in shown.program_cases]
    assert {case.name for case in shown.program_cases} < {f"case {number}" for number in range(1, 7)}


def test_a_check_that_asks_nothing_decides_nothing() -> None:
    task = of_f("assert True", "assert 1 + 1 == 2", "assert f(1) == 1")
    assert counts(task) == (0, 1)


@pytest.mark.parametrize("task", built_in_curriculum(), ids=lambda task: task.id)
def test_two_assertions_and_a_third_of_each_list_of_the_curriculum_decide_unseen(task: Task) -> None:
    seen, unseen = counts(task)
    assert unseen >= max(2, (seen + unseen) / 3)
