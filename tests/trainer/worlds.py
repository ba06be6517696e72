"""Memories in which rules are known and units come and go, without files or processes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from memory.assignment import Assignment, Nominee
from memory.events import Decided, Event, Happening, RuleAdded, RuleJudged, TaskAdded
from memory.recall import Recalled
from memory.rules import Standing
from memory.state import MemoryState
from memory.tasks import Task
from tests.memory.builders import AT, a_spec, a_task, created, finished, run_started


@dataclass(slots=True)
class World:
    """Folds happenings as a memory does."""

    state: MemoryState = field(default_factory=MemoryState)

    def __post_init__(self) -> None:
        self.happens(created(), run_started())

    def happens(self, *happenings: Happening) -> None:
        for happening in happenings:
            self.state.apply(Event(seq=self.state.last_seq + 1, at=AT, data=happening))

    def add_task(self, task_id: str, skill: str, difficulty: float = 0.5) -> Task:
        self.happens(TaskAdded(task=a_task(task_id, skills=(skill,), difficulty=difficulty), by="a test"))
        return self.state.tasks[task_id].task

    def add_rules(self, *texts: str, skills: Sequence[str] = (), error_classes: Sequence[str] = ()) -> list[str]:
        """Their ids."""
        for text in texts:
            self.happens(
                RuleAdded(text=text, skills=tuple(skills), error_classes=tuple(error_classes), by="a test")
            )  # fmt: skip
        return [self.id_of(text) for text in texts]

    def id_of(self, text: str) -> str:
        record = self.state.learning.rules.named(text)
        assert record is not None
        return record.id

    def judge(self, rule: str, standing: Standing) -> None:
        self.happens(RuleJudged(rule=rule, standing=standing, by="a test"))

    def play(self, task: Task, shown: Sequence[str], *, passed: bool) -> None:
        """One finished unit that saw these rules, by id."""
        nominees = tuple(a_nominee(rule, version=self.version(rule)) for rule in shown)
        assignment = Assignment(holdout_probability=0.2, lot=2**63, control=False, nominees=nominees)
        number = self.state.decided + 1
        self.happens(Decided(spec=a_spec(number, task.id), run=1, why="a test", assignment=assignment))
        self.happens(finished(self.state, number, "passed" if passed else "failed"))

    def version(self, rule: str) -> int:
        record = self.state.learning.rules.get(rule)
        return 1 if record is None else record.version


def a_nominee(rule: str, *, version: int = 1, dropped: bool = False) -> Nominee:
    return Nominee(
        kind="recall" if rule == "recall" else "rule",
        id=rule,
        version=version,
        score=0.5,
        drop_probability=0.1,
        lot=0 if dropped else 2**63,
        dropped=dropped,
    )


@dataclass(frozen=True, slots=True)
class Remembers:
    """Recalls the same lines for every task."""

    lines: Sequence[str] = ()

    def find(self, task: Task, *, budget_tokens: int) -> tuple[Recalled, ...]:
        return tuple(Recalled(f"unit-{number}", "other", line) for number, line in enumerate(self.lines))
