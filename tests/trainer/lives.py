"""A memory that lives by the Trainer's choices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from memory.attempts import Outcome
from memory.events import Decided, Event, Happening, Slot, TaskAdded
from memory.state import MemoryState
from memory.tasks import Task
from tests.memory.builders import AT, a_spec, created, finished, run_started
from trainer.choice import Choice
from trainer.rechecks import Rechecks
from trainer.strategy_manager import StrategyManager
from utils.settings import Schedule

Judge = Callable[[Task], Outcome]


@dataclass(slots=True)
class Life:
    """Folds happenings as a memory does, and plays units."""

    pool: Sequence[Task]
    schedule: Schedule = "curriculum"
    model: str = "rehearsal"
    state: MemoryState = field(default_factory=MemoryState)
    rechecks: Rechecks = field(default_factory=Rechecks)
    strategy: StrategyManager = field(init=False)

    def __post_init__(self) -> None:
        self.happens(created(), *(TaskAdded(task=task, by="a test") for task in self.pool), run_started())
        self.strategy = StrategyManager([task.id for task in self.pool], schedule=self.schedule)

    def happens(self, *happenings: Happening) -> None:
        for happening in happenings:
            event = Event(seq=self.state.last_seq + 1, at=AT, data=happening)
            self.state.apply(event)
            self.rechecks.fold(event, self.state)

    def new_run(self, model: str) -> None:
        """The run after; the Builder's model may be another."""
        self.model = model
        self.happens(run_started(self.state.runs + 1).model_copy(update={"model": model}))

    def choose(self) -> Choice | None:
        return self.strategy.next_task(self.state, model=self.model)

    def finished(self) -> str | None:
        return self.strategy.finished(self.state, model=self.model)

    def decide(self, task_id: str, slot: Slot = "drill") -> int:
        number = self.state.decided + 1
        spec = a_spec(number, task_id, model=self.model)
        self.happens(Decided(spec=spec, run=self.state.runs, why="a test", slot=slot))
        return number

    def finish(self, number: int, outcome: Outcome = "passed") -> None:
        self.happens(finished(self.state, number, outcome))

    def practise(self, task_id: str, *outcomes: Outcome, slot: Slot = "drill") -> None:
        """Units of one task, whatever the Trainer would choose."""
        for outcome in outcomes:
            self.finish(self.decide(task_id, slot), outcome)

    def play(self, units: int, judge: Judge = lambda _: "passed") -> list[str]:
        """Choose, decide and finish so many units; the ids of their tasks."""
        return [choice.task_id for choice in self.play_choices(units, judge)]

    def play_choices(self, units: int, judge: Judge = lambda _: "passed") -> list[Choice]:
        """The same; the choices."""
        played = []
        for _ in range(units):
            choice = self.choose()
            assert choice is not None
            played.append(choice)
            number = self.decide(choice.task_id, choice.slot)
            self.finish(number, judge(self.state.tasks[choice.task_id].task))
        return played
