"""A model that answers from a list, and verdicts to order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from builder.prompting import Prompts
from builder.run_project import Grader, Tools
from memory.attempts import Assertion, AttemptSpec, Score, Verdict
from memory.tasks import Task
from memory.told import Told, all_of
from tests.memory.builders import a_verdict
from utils.completions import Completion, Reply, Usage

RIGHT = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
REFLECTION = '{"error_class": "Wrong sign", "lesson": "Read the goal.", "rule": "Read the goal twice."}'


def fenced(code: str) -> str:
    return f"```python\n{code}```\n"


@dataclass(slots=True)
class ScriptedModel:
    """Answers with the replies in their order; an exception among them is raised instead."""

    replies: Iterable[str | Exception]
    asked: list[Completion] = field(default_factory=list)
    name: str = "scripted"

    def __post_init__(self) -> None:
        self.replies = iter(self.replies)

    def complete(self, completion: Completion) -> Reply:
        self.asked.append(completion)
        reply = next(iter(self.replies))
        if isinstance(reply, Exception):
            raise reply
        return Reply(text=reply, usage=Usage(prompt_tokens=10, completion_tokens=5), model=self.name, wall_s=0.5)


def a_failure(**fields: Any) -> Assertion:
    values = {"check": "small", "line": 1, "source": "assert add(1, 2) == 3", "passed": False, "call": "add(1, 2)"}
    return Assertion(**{**values, "expected": "3", "actual": "-1", **fields})


def failed(**fields: Any) -> Verdict:
    return a_verdict("failed", **{"failures": (a_failure(),), **fields})


def by_text(_task: Task, code: str, _spec: AttemptSpec) -> Verdict:
    """Code with a plus passes."""
    return a_verdict() if "+" in code else failed()


def all_told(_task: Task, _code: str, verdict: Verdict, _spec: AttemptSpec) -> Told:
    return all_of(verdict)


def no_score(_task: Task, _code: str, _verdict: Verdict, _spec: AttemptSpec) -> Score | None:
    return None


def tools(model: ScriptedModel, grade: Grader = by_text) -> Tools:
    return Tools(model=model, prompts=Prompts(failure_chars=1000), grade=grade, score=no_score, tell=all_told)
