"""However honest people write a right program, the verdict is that of plain Python; and would the benchmark notice?"""

import ast
from dataclasses import replace

import pytest

from benchmarks.judge_mutants import Compared, Program, compared, drawn, lines, mutants_of, rewritings_of
from benchmarks.plain_python import plain_flaw
from benchmarks.rewritings import WAYS
from executor.sandbox import Sandbox
from memory.task_sources import built_in_curriculum
from memory.tasks import Task
from utils.python_source import parse_python

TASKS = {task.id: task for task in built_in_curriculum()}
WRITTEN = {task_id: rewritings_of(task) for task_id, task in TASKS.items()}
SOME = [TASKS[name] for name in ("numbers-ratio", "lists-spiral", "state-order-steps", "strings-run-length")]


def meaning(source: str) -> str:
    return ast.dump(parse_python(source))


def test_each_way_is_found_among_the_references_and_none_is_the_reference_itself() -> None:
    every = [program for programs in WRITTEN.values() for program in programs]
    assert {program.told for program in every} == {*WAYS}
    assert len(every) > 250
    assert [each for each in every if meaning(each.source) == meaning(each.task.reference or "")] == []


@pytest.mark.parametrize("task_id", TASKS)
def test_the_reference_in_each_way_gets_the_verdict_of_plain_python(task_id: str, process: Sandbox) -> None:
    right = [program for program in WRITTEN[task_id] if not plain_flaw(program.task, program.source)]
    wrong = [program for program in WRITTEN[task_id] if program not in right]
    assert len(right) >= len(WRITTEN[task_id]) - 1
    assert compared(right, "passed", process, least=1).differences == []
    assert compared(wrong, "failed", process, least=1).differences == []


def test_programs_are_drawn_alike_for_a_seed_and_are_what_plain_python_says() -> None:
    wrong = drawn(mutants_of, wrong=True, count=6, seed=3, tasks=SOME)
    assert wrong == drawn(mutants_of, wrong=True, count=6, seed=3, tasks=SOME)
    assert all(plain_flaw(each.task, each.source) for each in wrong)
    right = drawn(rewritings_of, wrong=False, count=6, seed=3, tasks=SOME)
    assert [plain_flaw(each.task, each.source) for each in right] == [""] * 6


def test_mutants_that_plain_python_fails_fail(process: Sandbox) -> None:
    wrong = drawn(mutants_of, wrong=True, count=8, seed=5, tasks=SOME)
    result = compared(wrong, "failed", process, least=1)
    assert (result.differences, result.agreed, result.reached) == ([], 8, True)


def test_what_is_judged_otherwise_is_named_and_misses_the_mark(process: Sandbox) -> None:
    task: Task = TASKS["lists-spiral"]
    program = Program(task, task.reference or "", "nothing")
    result = compared([program], "failed", process, least=0.95)
    assert list(lines("mutants", result)) == [
        "mutants: 0 of 1 failed (at least 95%), MISSED",
        "  lists-spiral, nothing: passed ",
    ]


def test_no_programs_at_all_reach_no_mark() -> None:
    nothing = Compared([], "failed", [], 0.95)
    assert not nothing.reached
    assert replace(nothing, programs=[Program(SOME[0], "", "")] * 20, differences=["one"]).reached
