"""A whole run of the loop in this process: real tasks, sandbox and memory, a model that is a function."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from builder.run_project import Attempt
from executor.assess import Assess
from executor.runner import Runner
from executor.sandbox import Sandbox
from loop import Loop, assemble  # noqa: TID251  a function answers in place of a model
from memory import inbox
from memory.event_lines import read_chain
from memory.events import Finished
from memory.rule_wishes import AddRule
from memory.state import MemoryState
from memory.task_sources import load_tasks
from memory.tasks import Task
from trainer.opened import open_memory
from utils.clock import SystemClock, iso
from utils.commands.flights import SilentDisplay  # noqa: TID251  it shows nothing
from utils.completions import Completion, Reply, Usage
from utils.settings import Settings, load_settings

Answer = Callable[[Completion], str]


@dataclass(slots=True)
class HeardModel:
    """Answers by a function, and keeps all that it was asked."""

    answer: Answer
    asked: list[Completion] = field(default_factory=list)
    name: str = "a-function"

    def complete(self, completion: Completion) -> Reply:
        self.asked.append(completion)
        return Reply(
            text=self.answer(completion),
            usage=Usage(prompt_tokens=9, completion_tokens=9),
            model=self.name,
            wall_s=0.01,
        )


@dataclass(frozen=True, slots=True)
class WholeRun:
    """What the model was asked, and the units that finished, in their order."""

    asked: Sequence[Completion]
    finished: Sequence[Finished]
    tasks: Mapping[str, Task]
    state: MemoryState
    settings: Settings

    @property
    def prompts(self) -> str:
        """All that the model was ever told, its own answers left out."""
        said = (each for request in self.asked for each in request.messages if each.role != "assistant")
        return "\n".join(each.content for each in said)

    @property
    def outcomes(self) -> dict[str, str]:
        """Task -> the outcome of its last attempt."""
        return {each.belog.task_id: each.result.outcome for each in self.finished}


def run(
    answer: Answer,
    tasks: Path,
    memory: Path,
    *,
    assess: Callable[[Sandbox], Assess] | None = None,
    rules: Sequence[str] = (),
    **settings: Any,
) -> WholeRun:
    """A run over a file of tasks; `assess` judges in place of the program's own, `rules` are brought in before it."""
    values = {"llm": "rehearsal", "memory": memory, "tasks": (tasks,), "report": "off", "seed": 5, **settings}
    model = HeardModel(answer)
    wanted = load_settings(**{"sandbox": "process", **values})
    if rules:
        brought = tuple(AddRule(text=rule) for rule in rules)
        inbox.leave(memory, inbox.Wish(by="a test", rules=brought), at=iso(SystemClock().now()))
    state = _fly(model, wanted, assess)
    happened = [event.data for event, _ in read_chain(memory / "events")]
    return WholeRun(
        asked=model.asked,
        finished=[each for each in happened if isinstance(each, Finished)],
        tasks={task.id: task for task in load_tasks(tasks)},
        state=state,
        settings=wanted,
    )


def _fly(model: HeardModel, settings: Settings, assess: Callable[[Sandbox], Assess] | None) -> MemoryState:
    clock = SystemClock()
    with ExitStack() as stack:
        opened = open_memory(settings, clock, stack)
        parts = assemble(settings, opened, SilentDisplay(), clock, stack)
        parts = replace(parts, model=model, decider=replace(parts.decider, model=model.name))
        if assess is not None:
            parts = replace(parts, assess=assess(parts.sandbox))
        pool = stack.enter_context(ThreadPoolExecutor(settings.workers))
        loop = Loop(parts, Runner[Attempt](pool, workers=settings.workers))
        summary = loop.run()
        assert not loop.failed, summary.stop_reason
        return parts.memory.state
