"""Tasks that may be broken: put aside, tried with their own reference in a real sandbox."""

from pathlib import Path
from typing import Any

import pytest

from executor.assess import Assessor
from executor.quarantine import FindsFlaws, Quarantine
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from executor.simulated_assessor import SimulatedAssessor
from memory.attempts import AttemptLimits
from memory.cases import Generator
from memory.events import TaskAdded
from memory.memory_manager import MemoryManager
from memory.records import UNJUDGED
from memory.tasks import Check, Task
from tests.memory.builders import a_task, open_memory
from utils.errors import SandboxFault

NO_REFERENCE = "it has no reference that could show that it can be passed"
SOUND = "def add(a, b):\n    return a + b\n"


class Away:
    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        raise SandboxFault("the sandbox is away")

    def trial(self, task: Task, limits: AttemptLimits) -> str:
        raise SandboxFault("the sandbox is away")


def put(memory: MemoryManager, task: Task, assess: Assessor | Away) -> tuple[Quarantine, list[str]]:
    notes: list[str] = []
    quarantine = Quarantine(memory, assess, AttemptLimits(), notes.append)
    memory.append([TaskAdded(task=task, by="a test")])
    quarantine.put(task, "nobody passes it")
    return quarantine, notes


@pytest.mark.parametrize(
    ("fields", "kept", "said"),
    [
        ({"reference": SOUND}, "", []),
        (
            {"reference": "def add(a, b):\n    return a - b\n"},
            "its own reference does not pass its checks",
            ["add is not tried any more: nobody passed it, and its own reference does not pass its checks"],
        ),
        (
            {"reference": None},
            NO_REFERENCE,
            [f"add is not tried any more: nobody passed it, and {NO_REFERENCE}"],
        ),
    ],
    ids=["sound", "broken", "without a reference"],
)  # fmt: skip
def test_a_suspect_is_tried_with_its_own_reference(
    process: Sandbox, tmp_path: Path, fields: dict[str, Any], kept: str, said: list[str]
) -> None:
    with open_memory(tmp_path) as memory:
        _, notes = put(memory, a_task(**fields), Assessor(process, Weights()))
        assert memory.state.tasks["add"].quarantined == kept
        assert notes == said


def test_while_the_sandbox_is_away_it_waits_in_quarantine_and_is_tried_later(process: Sandbox, tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        task = a_task(reference=SOUND)
        put(memory, task, Away())
        record = memory.state.tasks["add"]
        record.suspect_tries = 5
        assert (record.quarantined, record.awaits_validation) == ("nobody passes it", True)
        Quarantine(memory, Assessor(process, Weights()), AttemptLimits(), print).validate_all()
        assert record.quarantined == ""


class Unjudged:
    """There is no verdict on the reference either."""

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        return "there is none on its own reference either: a lambda cannot cross"

    def trial(self, task: Task, limits: AttemptLimits) -> str:
        return self.flaw(task, limits)


def test_why_there_is_no_verdict_stays_beside_what_its_reference_tells(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        notes: list[str] = []
        memory.append([TaskAdded(task=a_task(), by="a test")])
        quarantine = Quarantine(memory, Unjudged(), AttemptLimits(), notes.append)
        quarantine.put(a_task(), f"{UNJUDGED}: a socket cannot cross")
        why = f"{UNJUDGED}: a socket cannot cross; there is none on its own reference either: a lambda cannot cross"
        assert memory.state.tasks["add"].quarantined == why
        assert notes == [f"add is not tried any more: nobody passed it, and {why}"]
        quarantine.validate_all()
        assert memory.state.tasks["add"].quarantined == why


def test_a_task_that_was_changed_is_no_longer_suspected(process: Sandbox, tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        put(memory, a_task(reference=None), Assessor(process, Weights()))
        mended = a_task(checks=(Check(name="other", code="assert add(2, 2) == 4"),))
        memory.append([TaskAdded(task=mended, by="a test")])
        assert memory.state.tasks["add"].quarantined == ""


def test_a_task_whose_generator_is_broken_is_not_chosen_though_it_was_passed(process: Sandbox, tmp_path: Path) -> None:
    generator = Generator(source="def inputs(rng): return 1 // 0\n")
    with open_memory(tmp_path) as memory:
        _, notes = put(memory, a_task(reference=SOUND, generator=generator), Assessor(process, Weights()))
        why = memory.state.tasks["add"].quarantined
        assert why.startswith("its generator failed: ZeroDivisionError")
        assert not memory.state.tasks["add"].awaits_validation
        assert notes == [f"add is not tried any more: nobody passed it, and {why}"]


def test_a_suspect_that_was_never_failed_is_tried_once_the_sandbox_is_back(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        put(memory, a_task(reference=SOUND), Away())
        assert memory.state.tasks["add"].awaits_validation


def first_trial(memory: MemoryManager, task: Task, assess: FindsFlaws) -> tuple[Quarantine, list[str]]:
    notes: list[str] = []
    memory.append([TaskAdded(task=task, by="a test")])
    quarantine = Quarantine(memory, assess, AttemptLimits(), notes.append)
    if quarantine.wants_trial(task):
        quarantine.try_first(task)
    return quarantine, notes


def test_a_broken_task_is_set_aside_before_anything_is_done_for_it(process: Sandbox, tmp_path: Path) -> None:
    broken = a_task(origin="file", reference="def add(a, b):\n    return a - b\n")
    with open_memory(tmp_path) as memory:
        quarantine, notes = first_trial(memory, broken, Assessor(process, Weights()))
        why = "its own reference does not pass: add(1, 2) == 3 gave -1, not 3"
        assert notes == [f"add is set aside before its first attempt: {why}"]
        assert memory.state.tasks["add"].quarantined == why
        assert not quarantine.wants_trial(broken)


def test_a_sound_task_is_tried_once_for_each_text_that_it_has(process: Sandbox, tmp_path: Path) -> None:
    sound = a_task(origin="file", reference=SOUND)
    with open_memory(tmp_path) as memory:
        quarantine, notes = first_trial(memory, sound, Assessor(process, Weights()))
        assert (notes, memory.state.tasks["add"].quarantined, quarantine.wants_trial(sound)) == ([], "", False)
        mended = sound.model_copy(update={"goal": "Add two whole numbers."})
        memory.append([TaskAdded(task=mended, by="a test")])
        assert quarantine.wants_trial(mended)


def test_tasks_that_come_with_the_program_or_have_no_checks_are_not_tried(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        quarantine, _ = first_trial(memory, a_task(), Away())
        ungraded = a_task("words", origin="user", checks=())
        memory.append([TaskAdded(task=ungraded, by="a test")])
        assert not quarantine.wants_trial(memory.state.tasks["add"].task)
        assert not quarantine.wants_trial(ungraded)


def test_while_the_sandbox_is_away_a_task_stays_untried_but_not_for_ever(tmp_path: Path) -> None:
    task = a_task(origin="file")
    with open_memory(tmp_path) as memory:
        quarantine, _ = first_trial(memory, task, Away())
        assert quarantine.wants_trial(task)
        faults = [quarantine.try_first(task) for _ in range(2)]
        assert [str(fault) for fault in faults] == ["the sandbox is away"] * 2
        assert not quarantine.wants_trial(task)
        assert memory.state.tasks["add"].quarantined == ""


def test_where_nothing_is_ever_run_nothing_is_tried_and_nothing_said(tmp_path: Path) -> None:
    task = a_task(origin="file")
    with open_memory(tmp_path) as memory:
        quarantine, notes = first_trial(memory, task, SimulatedAssessor(lambda _: True, Weights()))
        assert (notes, quarantine.wants_trial(task), memory.state.tasks["add"].tried_as) == ([], False, "")
