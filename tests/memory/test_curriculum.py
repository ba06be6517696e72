"""The built-in curriculum: solvable, not solvable by accident, and spread over skills and difficulties."""

import ast
import itertools
import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from memory.task_sources import built_in_curriculum
from memory.tasks import Task
from utils.mutants import mutants

GRADER = Path(__file__).with_name("in_process_grading.py")
TASKS = built_in_curriculum()
BY_ID = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
MUTANTS_TRIED = 40

ALWAYS_EQUAL = """
class Anything:
    def __init__(self, *args, **named): pass
    def __call__(self, *args, **named): return self
    def __getattr__(self, name): return self
    def _yes(self, *args): return True
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _yes
    def _self(self, *args): return self
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __getitem__ = __abs__ = _self
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __hash__(self): return 0
"""


def verdicts(task: Task, answers: list[str], *, cpu_s: float) -> list[str | None]:
    """For each answer None if it passed, else why it failed."""
    job = {
        "setup": task.setup,
        "interface": task.callable_names,
        "mutates": task.mutates_arguments,
        "checks": [*(check.code for check in task.checks), *task.examples],
        "answers": answers,
        "cpu_s": cpu_s,
    }
    command = (sys.executable, "-I", "-S", str(GRADER))
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=True, timeout=60)
    results: list[str | None] = json.loads(done.stdout)
    return results


def always(task: Task, value: str, *, helpers: str = "") -> str:
    """An answer in which everything that may be called gives the same value."""
    return helpers + "".join(f"\n{name} = lambda *args, **named: {value}" for name in task.callable_names)


def first_expected(task: Task) -> str:
    trees = [ast.parse(check.code) for check in task.checks]
    compared = [
        node.test.comparators[0]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare)
    ]
    return ast.unparse(compared[0])


def reference(task: Task) -> str:
    assert task.reference is not None
    return task.reference


@BY_ID
def test_the_reference_passes_its_checks_and_examples_and_hollow_answers_do_not(task: Task) -> None:
    values = ["None", "0", "''", "[]", "True", first_expected(task)]
    hollow = ["pass", *(always(task, value) for value in values), always(task, "Anything()", helpers=ALWAYS_EQUAL)]

    first, *others = verdicts(task, [reference(task), *hollow], cpu_s=1.0)

    assert first is None
    assert None not in others


@BY_ID
def test_the_reference_passes_again_and_four_in_five_of_its_mutants_do_not(task: Task) -> None:
    wrong = [mutant.source for mutant in mutants(reference(task), limit=MUTANTS_TRIED)]

    first, *others = verdicts(task, [reference(task), *wrong], cpu_s=0.2)

    assert first is None
    assert others.count(None) <= 0.2 * len(wrong)


@BY_ID
def test_a_task_is_written_as_the_readme_of_the_curriculum_says(task: Task) -> None:
    main, *more = task.skills

    assert task.id.startswith(f"{main}-")
    assert task.origin == "curriculum"
    assert len(more) <= 1
    assert 6 <= len(task.checks) <= 14
    assert len({check.name for check in task.checks}) == len(task.checks)
    assert 1 <= len(task.examples) <= 2
    assert [name for name in task.callable_names if not re.search(rf"\b{name}\b", task.goal)] == []
    assert max(map(len, task.goal.split("\n"))) <= 120


def test_there_are_at_least_48_tasks_over_ten_skills_with_ids_of_their_own() -> None:
    mains = Counter(task.skills[0] for task in TASKS)

    assert len(TASKS) >= 48
    assert len(mains) == 10
    assert min(mains.values()) >= 4
    assert {skill for task in TASKS for skill in task.skills} == set(mains)
    assert len({task.id for task in TASKS}) == len({task.name for task in TASKS}) == len(TASKS)


def test_at_least_16_tasks_want_several_functions_or_a_class() -> None:
    together = [
        task for task in TASKS if len(task.callable_names) > 1 or f"class {task.entry_point}" in reference(task)
    ]

    assert len(together) >= 16


def test_tasks_are_no_one_liners() -> None:
    lines = {task.id: len(reference(task).strip().split("\n")) for task in TASKS}
    hard = [lines[task.id] for task in TASKS if task.difficulty >= 0.65]

    assert statistics.median(lines.values()) >= 8
    assert min(lines.values()) >= 8
    assert min(hard) >= 20


@pytest.mark.parametrize("skill", sorted({task.skills[0] for task in TASKS}))
def test_each_skill_has_easy_middle_and_hard_tasks(skill: str) -> None:
    difficulties = [task.difficulty for task in TASKS if task.skills[0] == skill]

    assert min(difficulties) <= 0.15
    assert any(0.3 < difficulty < 0.65 for difficulty in difficulties)
    assert max(difficulties) >= 0.8


def test_difficulties_reach_from_one_end_to_the_other_without_large_gaps() -> None:
    difficulties = sorted(task.difficulty for task in TASKS)

    assert difficulties[0] == 0.05
    assert difficulties[-1] == 0.95
    assert max(after - before for before, after in itertools.pairwise(difficulties)) <= 0.06
