"""The tools of an attempt, each use of which shows as a step of its unit."""

from dataclasses import dataclass

from builder.run_project import Tools
from memory.attempts import AttemptSpec, Score, Verdict
from memory.tasks import Task
from memory.told import Told
from utils.completions import Completion, Model, Reply
from utils.steps import Steps

ASKING, GRADING, SCORING = "asking the model", "grading", "scoring"


def watched(tools: Tools, unit: str, steps: Steps) -> Tools:
    """The same tools, seen at work."""

    def grade(task: Task, code: str, spec: AttemptSpec) -> Verdict:
        with steps.step(unit, GRADING):
            return tools.grade(task, code, spec)

    def tell(task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Told:
        with steps.step(unit, GRADING):
            return tools.tell(task, code, verdict, spec)

    def score(task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        with steps.step(unit, SCORING):
            return tools.score(task, code, verdict, spec)

    return Tools(
        model=WatchedModel(tools.model, unit, steps), prompts=tools.prompts, grade=grade, score=score, tell=tell
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class WatchedModel:
    """A model whose answering shows as a step."""

    model: Model
    who: str
    steps: Steps

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    def complete(self, completion: Completion) -> Reply:
        """The model's reply.

        Raises:
            Fault: as the model does.
        """
        with self.steps.step(self.who, ASKING):
            return self.model.complete(completion)
