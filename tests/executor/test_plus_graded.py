"""Rows of HumanEval+ in a real sandbox: every input counts, within the row's tolerance."""

import json
from pathlib import Path

import pytest

from executor.grading.grade import grade
from executor.grading.trial import try_task
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits
from memory.task_sources import load_tasks
from memory.tasks import Task
from tests.memory.test_task_sources import PLUS

LIMITS = AttemptLimits(wall_s=8.0, cpu_s=2.0, memory_mb=256)


@pytest.fixture
def halves(tmp_path: Path) -> Task:
    path = tmp_path / "plus.jsonl"
    path.write_text(json.dumps(PLUS), encoding="utf-8")
    return load_tasks(path)[0]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("[x / 2 for x in xs]", "passed"),
        ("[x / 2 + 1e-7 for x in xs]", "passed"),
        ("[x / 2 + 1e-3 for x in xs]", "failed"),
        ("{(1, 2): [0.5, 1.0], (): []}.get(tuple(xs))", "failed"),
        ("tuple(x / 2 for x in xs)", "passed"),
        ("'x'", "failed"),
    ],
)
def test_an_answer_is_compared_with_the_references_own(process: Sandbox, halves: Task, body: str, outcome: str) -> None:
    verdict = grade(halves, f"def halves(xs):\n    return {body}\n", process, limits=LIMITS)
    assert verdict.outcome == outcome


def test_a_row_is_sound_without_numpy(process: Sandbox, halves: Task) -> None:
    assert try_task(halves, process, LIMITS).flaw == ""
