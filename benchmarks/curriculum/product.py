"""The Trainer as a way of choosing: its own decisions on its own memory, told what the loop would log.

Only the log's file is left out; each event is folded as if it had been read from one. The settings are those that are
shipped. These learners reflect on nothing and nothing is recalled, so that there is nothing to toss a coin for: what is
compared is the choice of tasks alone.
"""

from collections.abc import Sequence

from benchmarks.curriculum.world import Item
from benchmarks.nights import AS_SHIPPED
from executor.simulated_assessor import SANDBOX
from memory.attempts import AttemptResult, AttemptSpec
from memory.blueprints import DEFAULT_ID, Blueprint
from memory.cases import Case
from memory.events import (
    FORMAT,
    BlueprintAdded,
    Event,
    Finished,
    Happening,
    MemoryCreated,
    Quarantined,
    RunStarted,
    TaskAdded,
    Validated,
)
from memory.make_belog import Finding, make_belog
from memory.state import MemoryState
from memory.tasks import Task
from trainer.decide import decider_of
from utils.settings import public

AT = "2026-11-21T00:00:00.000000Z"
MODEL, BY = "learner (simulated)", "the benchmark"
SETTINGS = AS_SHIPPED


class Forgetful:
    """Recalls nothing."""

    def find(self, task: Task, *, budget_tokens: int) -> tuple[()]:
        """Nothing."""
        del task, budget_tokens
        return ()


class BuilderTrainer:
    """Decides as the loop does, and hears of each outcome as the loop does."""

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        """A new memory that knows the tasks."""
        self._items, self._seed = items, seed
        self._state = MemoryState()
        tasks = [task_of(item) for item in items]
        self._numbers = {task.id: item.number for task, item in zip(tasks, items, strict=True)}
        self._decider = decider_of(
            SETTINGS,
            list(self._numbers),
            recall=Forgetful(),
            fits=lambda *_: True,
            model=MODEL,
            sandbox=SANDBOX.kind,
        )
        self._happens(MemoryCreated(format=FORMAT, memory_id="curriculum"), *_beginnings(tasks))

    def pick(self) -> int:
        """What the Trainer decides next."""
        decided = self._decider.next(self._state, seed=self._seed)
        assert decided is not None, "nothing is worth another try"
        self._happens(decided)
        return self._numbers[decided.spec.task_id]

    def note(self, number: int, *, passed: bool) -> None:
        """The unit ends; a task that is suspected of being broken is put aside and tried with its reference."""
        unit, flight = next(iter(self._state.in_flight.items()))
        self._happens(self._finished(unit, flight.spec, passed=passed))
        if why := self._decider.strategy.suspect(self._state, flight.task.id):
            sound = not self._items[number].broken
            told = "its own reference passes" if sound else "its own reference fails"
            self._happens(
                Quarantined(task_id=flight.task.id, why=why), Validated(task_id=flight.task.id, sound=sound, why=told)
            )

    def _happens(self, *happenings: Happening) -> None:
        for happening in happenings:
            self._state.apply(Event(seq=self._state.last_seq + 1, at=AT, data=happening))

    def _finished(self, unit: str, spec: AttemptSpec, *, passed: bool) -> Finished:
        result = AttemptResult(
            unit_id=unit,
            outcome="passed" if passed else "failed",
            passed_first=passed,
            turns=(),
            ended="passed" if passed else "repairs used up",
            reflection=None,
            score=None,
            wall_s=0,
        )
        task = self._state.tasks[spec.task_id].task
        belog = make_belog(spec, task, result, self._state, files={}, finding=Finding((), ()), at=AT)
        return Finished(result=result, belog=belog)


def task_of(item: Item) -> Task:
    """The task as the memory knows it."""
    return Task(
        id=f"made-up-{item.number:03d}",
        name=f"made up {item.number}",
        goal="Never read: nothing is run.",
        entry_point="made_up",
        skills=(f"skill-{item.skill}",),
        difficulty=item.declared,
        cases=(Case(call="made_up(1)", expected="1"),),
        origin="curriculum",
    )


def _beginnings(tasks: Sequence[Task]) -> list[Happening]:
    blueprint = Blueprint(id=DEFAULT_ID, version=1, title="simulated", prompts=(), prompts_sha256="0" * 64)
    run = RunStarted(
        run=1,
        model=MODEL,
        simulated=True,
        sandbox=SANDBOX,
        settings=public(SETTINGS),
        seed_sha256="0" * 64,
        tasks=tuple(task.id for task in tasks),
    )
    return [*(TaskAdded(task=task, by=BY) for task in tasks), BlueprintAdded(blueprint=blueprint), run]
