"""The built-in curriculum, judged by the grader itself."""

from collections.abc import Iterator

import pytest

from executor.grading.grade import grade
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits, Verdict
from memory.task_sources import built_in_curriculum
from memory.tasks import Task

TASKS = {task.id: task for task in built_in_curriculum()}
EQUAL_TO_ALL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *a, **k: Equal()
    def __len__(self): return 1
    def __iter__(self): return iter(())
    __hash__ = None
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Sandbox]:
    sandbox = ProcessSandbox()
    yield sandbox
    sandbox.close()


def judged(task: Task, source: str, place: Sandbox) -> Verdict:
    return grade(task, source, place, limits=AttemptLimits())


@pytest.mark.parametrize("task_id", TASKS)
def test_the_reference_passes_twice_alike_and_hollow_answers_fail(task_id: str, place: Sandbox) -> None:
    task = TASKS[task_id]
    first, second = (judged(task, task.reference or "", place) for _ in range(2))
    assert (first.outcome, first.error, first.failures, first.suspect) == ("passed", "", (), "")
    assert first.checks == second.checks
    assert [check.name for check in first.checks[len(task.checks) :]] == (["fresh inputs"] if task.generator else [])
    nothing = "".join(f"def {name}(*args, **kwargs): return None\n" for name in task.callable_names)
    equal = EQUAL_TO_ALL + "".join(f"def {name}(*args, **kwargs): return Equal()\n" for name in task.callable_names)
    assert [judged(task, source, place).outcome for source in ("pass\n", nothing, equal)] == ["failed"] * 3


def test_at_least_a_third_of_the_tasks_draw_fresh_inputs() -> None:
    assert sum(task.generator is not None for task in TASKS.values()) >= len(TASKS) / 3


def test_who_learned_the_checks_by_heart_fails_the_fresh_inputs(place: Sandbox) -> None:
    task = TASKS["numbers-split-bill"]
    seen = judged(task, task.reference or "", place).passes
    known = {each.arguments: each.actual for each in seen if each.actual and each.check != "fresh inputs"}
    table = ", ".join(f"{arguments!r}: {actual}" for arguments, actual in known.items())
    source = (
        f"known = {{{table}}}\n"
        "def split_bill(cents, people):\n"
        "    if people < 1 or cents < 0: raise ValueError\n"
        "    return known.get(str([cents, people]), [])\n"
    )
    verdict = judged(task, source, place)
    assert not verdict.checks[-1].passed
    assert sum(check.passed for check in verdict.checks) > len(task.checks) / 2
