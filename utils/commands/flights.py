"""Flies simulated nights through the real loop: its own decisions, coins and log; model and grader simulated.

What is left out: the documents of the memory, which decide nothing. They can be made from the log afterwards.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from builder.run_project import Attempt
from executor.assess import Assess
from executor.runner import Runner
from executor.score_engine import Weights
from executor.simulated_assessor import SimulatedAssessor, SimulatedSandbox
from loop import Loop, Parts, assemble
from memory import inbox
from memory.known_tasks import as_known
from memory.rule_wishes import AddRule
from memory.state import MemoryState
from trainer.nominate import Nominate, ThompsonSampling
from trainer.opened import open_memory
from utils.choose_model import REHEARSAL
from utils.clock import SystemClock, iso
from utils.completions import Completion, Model, Reply
from utils.display import Display, Summary, UnitLine
from utils.errors import Fault, StorageFault
from utils.rehearsal.flight import FlightModel, intended
from utils.rehearsal.truths import Truths
from utils.settings import Settings

BY = "rehearse"
NEVER = 10**9
"""Units; a night is looked back at once, at its end."""


class SilentDisplay:
    """Shows nothing."""

    def begin(self, lines: list[str], *, cycles: int | None) -> None:
        """Nothing."""

    def working(self, text: str) -> None:
        """Nothing."""

    def unit(self, line: UnitLine) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def end(self, summary: Summary) -> None:
        """Nothing."""


def by_the_usual(usual: Assess) -> Assess:
    """Whoever judges as it is; a function with a name, for nights are handed to other processes."""
    return usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What a night is made with.

    Attributes:
        seed: of its coins and of its model.
        units: after so many it ends.
        truths: the world.
        rules: brought in before it begins.
        settings: a person's; `of_flight` says which of them do not count.
        nominate: the way to choose what may be shown.
        display: where it is shown.
        judged: tells who judges in whose place.
    """

    seed: int
    units: int
    truths: Truths
    rules: tuple[AddRule, ...]
    settings: Settings
    nominate: Nominate = field(default_factory=ThompsonSampling)
    display: Display = field(default_factory=SilentDisplay)
    judged: Callable[[Assess], Assess] = by_the_usual


def of_flight(settings: Settings) -> Settings:
    """The settings without those that mean nothing where model, sandbox and time are simulated."""
    return settings.model_copy(
        update={
            "llm": REHEARSAL,
            "model": "",
            "record": None,
            "truths": None,
            "until": None,
            "hours": None,
            "max_tokens": None,
            "disk_reserve_mb": 0,
            "notify_webhook": SecretStr(""),
            "notify_ntfy": SecretStr(""),
            "metrics_port": None,
            "otel": "off",
            "analyse_every": NEVER,
            "workers": 1,
        }
    )


def fly(night: Night, folder: Path, *, overhear: Callable[[Completion], None] = lambda _: None) -> MemoryState:
    """One night in a new memory in this folder; what it adds up to. `overhear` is told of all that the model is asked.

    Raises:
        InputError: a setting, such as a file of tasks, is no use.
        StorageFault: the disk refused.
    """
    told = {"memory": folder, "cycles": night.units, "seed": night.seed}
    settings = of_flight(night.settings).model_copy(update=told)
    if night.rules:
        inbox.leave(folder, inbox.Wish(by=BY, rules=night.rules), at=iso(SystemClock().now()))
    with ExitStack() as stack:
        clock = SystemClock()
        opened = open_memory(settings, clock, stack, views=tuple)
        parts = assemble(settings, opened, night.display, clock, stack, sandbox_of=lambda *_: SimulatedSandbox())
        loop = Loop(_simulated(parts, night, overhear), Runner[Attempt](_Here(), workers=1))
        summary = loop.run()
        if loop.failed:
            raise StorageFault(summary.stop_reason)
        night.display.end(summary)
        return parts.memory.state


def _simulated(parts: Parts, night: Night, overhear: Callable[[Completion], None]) -> Parts:
    known = [as_known(record.task) for record in parts.memory.state.tasks.values()]
    model = _Overheard(FlightModel(known, night.truths, night.seed), overhear)
    assigner = parts.decider.assigner
    chooses = None if assigner is None else replace(assigner, nominate=night.nominate)
    decider = replace(parts.decider, assigner=chooses, model=model.name)
    assess = night.judged(SimulatedAssessor(intended, Weights.of_settings(parts.settings)))
    return replace(parts, model=model, assess=assess, decider=decider)


@dataclass(frozen=True, slots=True)
class _Overheard:
    """A model whose requests somebody else hears too."""

    model: Model
    overhear: Callable[[Completion], None]

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    def complete(self, completion: Completion) -> Reply:
        """The model's reply."""
        self.overhear(completion)
        return self.model.complete(completion)


class _Here(Executor):
    """Does each job at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401  Executor's
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Fault as fault:
            future.set_exception(fault)
        return future
