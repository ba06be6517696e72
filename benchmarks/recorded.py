"""Tasks and recorded answers of real models, where they lie beside the checkout."""

import json
from dataclasses import dataclass
from pathlib import Path

from memory.task_sources import built_in_curriculum, load_tasks
from memory.tasks import Task

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TASKS = DATA / "humaneval" / "HumanEval.jsonl.gz"
MODELS = ("codellama", "starcoder")
FLAWED = {("starcoder", "HumanEval/106"), ("starcoder", "HumanEval/133")}
"""Recorded as passed, but they use `math` without importing it, so in a clean process they fail."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote for a task, and whether it passes."""

    task: Task
    source: str
    passes: bool


def one_task() -> Task:
    """HumanEval/0 where it is here, else the first task of the curriculum."""
    return (load_tasks(TASKS) if TASKS.is_file() else built_in_curriculum())[0]


def canonical() -> list[Task]:
    """HumanEval's tasks with their canonical solutions; none where they are not here."""
    return list(load_tasks(TASKS)) if TASKS.is_file() else []


def answers() -> list[Answer]:
    """All recorded answers; none where they are not here."""
    if not TASKS.is_file():
        return []
    tasks = {task.id: task for task in load_tasks(TASKS)}
    return [answer for model in MODELS for answer in _answers_of(model, tasks)]


def _answers_of(model: str, tasks: dict[str, Task]) -> list[Answer]:
    text = (DATA / "recorded" / f"humaneval-{model}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [
        Answer(tasks[row["task_id"]], row["completion"], row["passed"] and (model, row["task_id"]) not in FLAWED)
        for row in rows
    ]
