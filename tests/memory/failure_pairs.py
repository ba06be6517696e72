"""The labelled pairs of failures: read from signature_pairs.toml, made of the recorded answers, graded anew."""

import ast
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executor.grading.fresh import CHECK as FRESH
from executor.grading.grade import grade
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits, Verdict
from memory.signatures import signature
from memory.task_sources import load_tasks
from memory.tasks import Check, Task

PAIRS = Path(__file__).with_name("signature_pairs.toml")
MODELS = {"c": "codellama", "s": "starcoder"}
Slice = tuple[int, int]
PARTS: Mapping[str, Sequence[Slice]] = {
    "even": [(0, 2)],
    "odd": [(1, 2)],
    "one": [(0, 3), (1, 3)],
    "two": [(0, 3), (2, 3)],
}
"""Start and step of the assertions that are fixed checks, and of those that stand for fresh inputs."""
LIMITS = AttemptLimits(wall_s=10, cpu_s=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """A program and the verdict on it."""

    code: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Pair:
    """Two failures by name, and what a reader said of them."""

    a: str
    b: str
    kind: str
    same: bool
    why: str

    @property
    def rerun(self) -> bool:
        """Whether it is the same mistake in the same task."""
        return self.same and self.kind not in {"other_task", "no_input_in_common"}

    @property
    def held_out(self) -> bool:
        """Whether the signature was designed without it."""
        return _number(self.a) % 2 == 1


def labelled() -> list[Pair]:
    """All pairs, in the order of the file."""
    groups = tomllib.loads(PAIRS.read_text(encoding="utf-8"))["pairs"]
    return [Pair(kind=kind, **each) for kind, group in groups.items() for each in group]


def graded(shared: Path, sandbox: Sandbox) -> dict[str, Failure]:
    """Every program that a pair names, with its verdict, by name."""
    makers = _Programs(shared)
    names = sorted({name for pair in labelled() for name in (pair.a, pair.b)})

    def failure(name: str) -> Failure:
        code, task = makers.code(name.partition(":")[0]), makers.task(name)
        return Failure(code, grade(task, code, sandbox, limits=LIMITS))

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(names, pool.map(failure, names), strict=True))


class _Programs:
    def __init__(self, shared: Path) -> None:
        self._tasks = {task.id: task for task in load_tasks(shared / "data" / "humaneval" / "HumanEval.jsonl.gz")}
        self._variants: Mapping[str, Any] = tomllib.loads(PAIRS.read_text(encoding="utf-8"))["programs"]
        self._recorded = {
            (letter, row["task_id"]): row["completion"]
            for letter, model in MODELS.items()
            for row in map(json.loads, _lines(shared / "data" / "recorded" / f"humaneval-{model}.jsonl"))
        }

    def task(self, name: str) -> Task:
        task = self._tasks[f"HumanEval/{_number(name)}"]
        _, _, part = name.partition(":")
        if not part:
            return task
        kept = PARTS[part]
        checks = [check.model_copy(update={"code": _some_of(check.code, kept[:1])}) for check in task.checks]
        fresh = [Check(name=FRESH, code=_some_of(check.code, kept[1:])) for check in task.checks if kept[1:]]
        return task.model_copy(update={"checks": (*checks, *fresh)})

    def code(self, name: str) -> str:
        if name not in self._variants:
            recorded: str = self._recorded[name[0], f"HumanEval/{_number(name)}"]
            return recorded
        variant = self._variants[name]
        code = self.code(variant["of"])
        for old, new in variant.get("swap", {}).items():
            assert old in code, f"{name}: {old!r} does not stand in {code}"
            code = code.replace(old, new)
        for old, new in variant.get("rename", {}).items():
            code, count = re.subn(rf"\b{old}\b", new, code)
            assert count, f"{name}: there is no {old}"
        return code


def _number(name: str) -> int:
    found = re.match(r"[cs](\d+)", name)
    assert found is not None, name
    return int(found[1])


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _some_of(code: str, kept: Sequence[Slice]) -> str:
    """The check with some of its assertions alone."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.For):
            asserts = [each for each in node.body if isinstance(each, ast.Assert)]
            stay = [each for start, step in kept for each in asserts[start::step]]
            node.body = [each for each in node.body if each not in asserts or each in stay]
    return ast.unparse(tree)


Matcher = Callable[[Failure, Failure], bool]


@dataclass(frozen=True, slots=True)
class Quality:
    """Of a matcher: how many of the pairs that it takes for the same are, how many of the re-runs it finds."""

    precision: float
    recall: float


def quality(pairs: list[Pair], failures: dict[str, Failure], same: Matcher) -> Quality:
    found = [pair for pair in pairs if same(failures[pair.a], failures[pair.b])]
    reruns = [pair for pair in pairs if pair.rerun]
    right = sum(pair.same for pair in found)
    return Quality(right / max(len(found), 1), sum(pair in found for pair in reruns) / len(reruns))


def by_signature(one: Failure, other: Failure) -> bool:
    return signature(one.verdict) == signature(other.verdict)
