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
    assert (first.outcome, first.error, first.failures) == ("passed", "", ())
    assert first.checks == second.checks
    nothing = "".join(f"def {name}(*args, **kwargs): return None\n" for name in task.callable_names)
    equal = EQUAL_TO_ALL + "".join(f"def {name}(*args, **kwargs): return Equal()\n" for name in task.callable_names)
    assert [judged(task, source, place).outcome for source in ("pass\n", nothing, equal)] == ["failed"] * 3
