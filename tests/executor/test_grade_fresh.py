"""Inputs that are drawn afresh for each grading and answered by the reference."""

import pytest

from executor.assess import Assessor
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from memory.cases import Case, Generator
from memory.tasks import Constraints, Task
from tests.executor.grading_tasks import CODE, FRESH, LIMITS, REFERENCE, SPEC, cased, judged


def drawn(source: str, count: int = 3, reference: str = REFERENCE) -> Task:
    generator = Generator(source=source, count=count)
    return FRESH.model_copy(update={"generator": generator, "reference": reference})


def test_fresh_inputs_are_the_same_for_a_seed_and_others_for_another(process: Sandbox) -> None:
    first, again, other = (judged(process, FRESH, REFERENCE, seed=seed) for seed in (1, 1, 2))
    calls = [[each.call for each in verdict.transcript[6:]] for verdict in (first, again, other)]
    assert len(calls[0]) == 5
    assert calls[0] == calls[1] != calls[2]
    assert (first.inputs_seed, other.inputs_seed) == (1, 2)
    assert first.checks[-1].name == "fresh inputs"


def test_who_knows_only_the_cases_fails_the_fresh_inputs(process: Sandbox) -> None:
    table = "def add(a, b):\n    return {1: 3, -1: 0, 100: 103, 2: 6}[a] if a and a < 10**9 else a + b\n"
    verdict = judged(process, FRESH, table)
    assert [check.passed for check in verdict.checks] == [True] * 6 + [False]
    assert (verdict.failures[0].check, verdict.failures[0].error[:8]) == ("fresh inputs", "KeyError")


def test_fresh_inputs_follow_checks_that_run_in_a_judge(process: Sandbox) -> None:
    task = CODE.model_copy(update={"generator": FRESH.generator})
    verdict = judged(process, task, REFERENCE)
    assert [check.name for check in verdict.checks] == ["small", "more", "fresh inputs"]
    assert (verdict.outcome, verdict.assertions_total) == ("passed", 7)


def test_exceptions_and_changes_of_the_reference_are_wanted_of_the_solution(process: Sandbox) -> None:
    generator = Generator(source="def inputs(rng):\n    yield [3, 1],\n    yield 7,\n")
    task = cased(Case(call="f([2, 1])", expected="None"), generator=generator, mutates_arguments=True,
                 reference="def f(x): x.sort()\n")  # fmt: skip
    assert judged(process, task, "def f(x): x.sort()\n").outcome == "passed"
    deaf = judged(process, task, "def f(x): x.sort() if x == 7 else sorted(x)\n")
    assert [each.check for each in deaf.failures] == ["fresh inputs"]
    assert deaf.failures[0].expected == "None, its arguments then [[1, 3]]"
    mild = judged(process, task, "def f(x): x.sort() if x != 7 else None\n")
    assert mild.failures[0].expected == "raises AttributeError"


@pytest.mark.parametrize(
    ("generator", "reference", "said"),
    [
        ("def inputs(rng): return 1 // 0\n", REFERENCE, "its generator failed: ZeroDivisionError"),
        ("def inputs(rng): return []\n", REFERENCE, "yields no inputs"),
        ("def inputs(rng): yield print, 1\n", REFERENCE, "no inputs that are plain data"),
        ("def inputs(rng): yield 'text'\n", REFERENCE, "no tuples"),
        ("def inputs(rng):\n    while True: pass\n", REFERENCE, "its generator failed: the solution's process ended"),
        ("def inputs(rng): yield 1, 2\n", "import os; os._exit(0)\n", "cannot be loaded"),
        ("def inputs(rng): yield 1, 2\n", "def add(a, b): return iter([a])\n", "no plain data"),
        ("def inputs(rng): yield 1, 2\n", "def add(a, b): raise SystemExit\n", "does not answer add(1, 2)"),
        ("raise ValueError\ndef inputs(rng): yield 1, 2\n", REFERENCE, "its generator failed: ValueError"),
    ],
)
def test_a_broken_generator_or_reference_is_the_tasks_fault_and_not_the_solutions(
    process: Sandbox, generator: str, reference: str, said: str
) -> None:
    task = drawn(generator, reference=reference).model_copy(update={"constraints": Constraints(cpu_s=0.5, wall_s=3)})
    verdict = judged(process, task, REFERENCE)
    assert (verdict.outcome, verdict.inputs_seed) == ("passed", None)
    assert said in verdict.suspect
    weights = Weights()
    assert said in Assessor(process, weights).flaw(task, LIMITS)


def test_each_try_of_an_attempt_meets_inputs_of_its_own_and_the_same_ones_again(process: Sandbox) -> None:
    assessor = Assessor(process, Weights())
    codes = (REFERENCE, REFERENCE, f"# again\n{REFERENCE}")
    first, again, other = (assessor.grade(FRESH, code, SPEC).inputs_seed for code in codes)
    assert first == again != other
