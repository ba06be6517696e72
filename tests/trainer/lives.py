"""A memory that lives by the Trainer's choices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from memory.attempts import Outcome
from memory.events import Decided, Event, Happening, TaskAdded
from memory.state import MemoryState
from memory.tasks import Task
from tests.memory.builders import AT, a_spec, created, finished, run_started
from trainer.adjust_difficulty import DifficultyTargets
from trainer.strategy_manager import Choice, StrategyManager
from utils.settings import Schedule


@dataclass(slots=True)
class Life:
    """Folds happenings as a memory does, and plays units."""

    pool: Sequence[Task]
    schedule: Schedule = "curriculum"
    state: MemoryState = field(default_factory=MemoryState)
    targets: DifficultyTargets = field(default_factory=DifficultyTargets)
    strategy: StrategyManager = field(init=False)

    def __post_init__(self) -> None:
        self.happens(created(), *(TaskAdded(task=task, by="a test") for task in self.pool), run_started())
        self.strategy = StrategyManager([task.id for task in self.pool], self.targets, schedule=self.schedule)

    def happens(self, *happenings: Happening) -> None:
        for happening in happenings:
            event = Event(seq=self.state.last_seq + 1, at=AT, data=happening)
            self.state.apply(event)
            self.targets.fold(event, self.state)

    def choose(self) -> Choice | None:
        return self.strategy.next_task(self.state)

    def decide(self, task_id: str) -> int:
        number = self.state.decided + 1
        self.happens(Decided(spec=a_spec(number, task_id), run=self.state.runs, why="a test"))
        return number

    def finish(self, number: int, outcome: Outcome = "passed") -> None:
        self.happens(finished(self.state, number, outcome))

    def play(self, units: int, judge: Callable[[Task], Outcome] = lambda _: "passed") -> list[str]:
        """Choose, decide and finish so many units; the ids of their tasks."""
        played = []
        for _ in range(units):
            choice = self.choose()
            assert choice is not None
            played.append(choice.task_id)
            self.finish(self.decide(choice.task_id), judge(self.state.tasks[choice.task_id].task))
        return played
