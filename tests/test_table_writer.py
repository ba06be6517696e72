"""The model that solves nothing and writes what it is shown into a table passes what is all shown, and nothing else."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.table_writer import KeptAssessor, passes, task_sets
from executor.choose_sandbox import choose_sandbox
from executor.sandbox import Sandbox
from memory.cases import Case, ProgramCase
from memory.tasks import Check, Task
from tests.memory.builders import a_task

TURNS = 6
SQUARES = range(2, 9)
ASSERTS = tuple(f"assert f({number}) == {number**2}" for number in SQUARES)
OWN = {
    "list": a_task("f", entry_point="f", checks=tuple(Check(name=code, code=code) for code in ASSERTS)),
    "function": a_task(
        "f",
        entry_point="f",
        checks=(
            Check(
                name="check(f)",
                code="def check(candidate):\n"
                + "".join(f"    {code.replace('f(', 'candidate(')}\n" for code in ASSERTS)
                + "check(f)\n",
            ),
        ),
    ),
    "cases": a_task("f", entry_point="f", checks=(), cases=[Case(call=f"f({n})", expected=f"{n**2}") for n in SQUARES]),
    "program": a_task(
        "f",
        entry_point=None,
        checks=(),
        program_cases=[ProgramCase(stdin=f"{n}\n", stdout=f"{n**2}\n") for n in SQUARES],
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with closing(choose_sandbox("process", trusted_code_only=True)) as made:
        yield made


@pytest.mark.parametrize("task", OWN.values(), ids=OWN.keys())
def test_a_table_passes_where_all_is_shown_and_not_where_some_is_kept_back(sandbox: Sandbox, task: Task) -> None:
    shown = task.model_copy(update={"show_checks": True})
    assert passes(shown, KeptAssessor().on(sandbox), turns=TURNS)
    assert not passes(task, KeptAssessor().on(sandbox), turns=TURNS)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["MBPP", "HumanEval", "curriculum"])
def test_a_table_passes_none_of_the_published_tasks_and_of_the_curriculum(
    shared: Path, sandbox: Sandbox, name: str
) -> None:
    tasks = task_sets(shared / "data")[name][::15]
    assessor = KeptAssessor().on(sandbox)
    assert [task.id for task in tasks if passes(task, assessor, turns=TURNS)] == []


@pytest.mark.shared
def test_of_the_published_tasks_the_table_gets_most_where_failures_are_told_whole(
    shared: Path, sandbox: Sandbox
) -> None:
    tasks = task_sets(shared / "data")["MBPP"][::15]
    assessor = KeptAssessor(all_told=True).on(sandbox)
    assert sum(passes(task, assessor, turns=TURNS) for task in tasks) > 0.8 * len(tasks)
