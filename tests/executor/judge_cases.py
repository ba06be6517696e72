"""Solutions with the verdict that they deserve: those beside this file, and those that lie beside the checkout."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory.task_sources import load_tasks
from memory.tasks import Check, Task

OWN = Path(__file__).with_name("judge_cases.toml")
_ABOUT = ("name", "want", "kind", "solution")


@dataclass(frozen=True, slots=True)
class JudgeCase:
    """A solution of a task, and what the verdict has to be: "pass" or "fail"."""

    name: str
    want: str
    task: Task
    solution: str


def own_cases() -> list[JudgeCase]:
    """Those that plain Python decides as wanted, under any seed of hashes."""
    rows = tomllib.loads(OWN.read_text(encoding="utf-8"))["case"]
    return [_case(row, {name: value for name, value in row.items() if name not in _ABOUT}) for row in rows]


def shared_cases(shared: Path) -> list[JudgeCase]:
    """Those of the folder beside the checkout, in its order; a task may stand for one of HumanEval."""
    rows = map(json.loads, (shared / "cases" / "judge.jsonl").read_text(encoding="utf-8").splitlines())
    human = {task.id: task for task in load_tasks(shared / "data" / "humaneval" / "HumanEval.jsonl.gz")}
    return [_case(row, row["task"], human) for row in rows]


def _case(row: Mapping[str, Any], fields: Mapping[str, Any], known: Mapping[str, Task] | None = None) -> JudgeCase:
    task = known[fields["HE"]] if known and "HE" in fields else _task(row["name"], fields)
    return JudgeCase(row["name"], row["want"], task, row["solution"])


def _task(name: str, fields: Mapping[str, Any]) -> Task:
    checks = fields.get("checks", ())
    codes: Iterable[str] = checks.strip("\n").split("\n\n") if isinstance(checks, str) else checks
    numbered = [Check(name=f"check {number}", code=code) for number, code in enumerate(codes, start=1)]
    about = {"id": name, "name": name, "goal": name, **fields, "checks": numbered}
    return Task.model_validate(about)
