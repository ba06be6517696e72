"""Flies simulated nights through the real loop: its own decisions, coins, log and views; model and grader simulated."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from builder.run_project import Attempt
from executor.runner import Runner
from executor.simulated_assessor import SimulatedAssessor
from loop import Loop, Parts, assemble
from memory import inbox
from memory.builder_model import Floats, Numbers
from memory.event_lines import read_chain
from memory.events import Decided, Finished
from memory.known_tasks import as_known
from memory.learning import Learning
from memory.rule_wishes import AddRule
from memory.state import MemoryState
from memory.tasks import Task
from trainer.nominate import MOST, Nominate, Nomination, ThompsonSampling
from utils.clock import SystemClock, iso
from utils.completions import Completion, Model, Reply
from utils.display import Summary, UnitLine
from utils.errors import Fault
from utils.lots import Lots
from utils.rehearsal.flight import FlightModel, intended
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import Kind, kinds
from utils.settings import Settings

HOLDOUT, HOLDOUT_PROVEN = 0.2, 0.05
DROPOUT, DROPOUT_TRIAL, DROPOUT_CERTIFIED = 0.05, 0.25, 0.05
RECALL_TOKENS, MAX_REPAIRS = 400, 2
"""As shipped; said here so that nobody's environment changes the figures."""
LAST = 100
"""Units at the end of a night whose choices are counted."""


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


class UniformChoice(ThompsonSampling):
    """Any rules in scope, all equally likely."""

    def rules(self, learning: Learning, task: Task, places: Numbers, lots: Lots) -> tuple[Nomination, ...]:
        """MOST of them."""
        del task
        order = np.argsort(lots.normals(len(places)), kind="stable")[:MOST]
        return tuple(Nomination(learning.rules.at(place), 0.0) for place in places[order].tolist())


class BetaCounts(ThompsonSampling):
    """Thompson sampling on plain counts: passes and failures of units that saw a rule, whatever their task."""

    def rules(self, learning: Learning, task: Task, places: Numbers, lots: Lots) -> tuple[Nomination, ...]:
        """The MOST with the highest draws from Beta(1 + passes, 1 + failures)."""
        del task
        records = [learning.rules.at(place) for place in places.tolist()]
        passes = np.array([record.passed_shown for record in records], dtype=float)
        shown = np.array([record.shown for record in records], dtype=float)
        draws: Floats = np.random.default_rng(lots.draw()).beta(1 + passes, 1 + shown - passes)
        best = np.argsort(-draws, kind="stable")[:MOST].tolist()
        return tuple(Nomination(records[index], float(draws[index])) for index in best)


POLICIES: dict[str, Nominate] = {
    "builder-trainer": ThompsonSampling(),
    "uniform choice": UniformChoice(),
    "Beta counts": BetaCounts(),
}


@dataclass(frozen=True, slots=True)
class Night:
    """What a night is made with; `settings` are those that are not as shipped."""

    seed: int
    units: int
    policy: str
    truths: Truths
    rules: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """What came of a night.

    Attributes:
        shown: per rule of a kind, how often it was shown in the last 100 units.
        correlation: of believed and planted ability over the skills that were practised.
        brier: of the forecasts.
        constant_brier: of the best constant.
        pass_rate: of all units.
        last_pass_rate: of the last 100.
    """

    shown: dict[Kind, float]
    correlation: float
    brier: float
    constant_brier: float
    pass_rate: float
    last_pass_rate: float


def fly(night: Night, folder: Path, *, overhear: Callable[[Completion], None] = lambda _: None) -> Flown:
    """One night in a new memory in this folder; `overhear` is told of everything that the model is asked."""
    given: dict[str, Any] = {
        "llm": "rehearsal",
        "memory": folder,
        "sandbox": "process",
        "cycles": night.units,
        "seed": night.seed,
        "analyse_every": 10**6,
        "lessons": "on",
        "holdout": HOLDOUT,
        "holdout_proven": HOLDOUT_PROVEN,
        "dropout": DROPOUT,
        "dropout_trial": DROPOUT_TRIAL,
        "dropout_certified": DROPOUT_CERTIFIED,
        "recall_tokens": RECALL_TOKENS,
        "max_repairs": MAX_REPAIRS,
        "workers": 1,
    }
    settings = Settings(**(given | dict(night.settings)))
    wishes = tuple(AddRule(text=text) for text in night.rules)
    inbox.leave(folder, inbox.Wish(by="benchmark", tasks=(), rules=wishes), at=iso(SystemClock().now()))
    with ExitStack() as stack:
        parts = _simulated(assemble(settings, SilentDisplay(), SystemClock(), stack), night, overhear)
        Loop(parts, Runner[Attempt](_Here(), workers=1)).run()
        return _read(parts.memory.state, folder, night.truths)


def _simulated(parts: Parts, night: Night, overhear: Callable[[Completion], None]) -> Parts:
    known = [as_known(record.task) for record in parts.memory.state.tasks.values()]
    model = _Overheard(FlightModel(known, night.truths, night.seed), overhear)
    assigner = parts.decider.assigner
    assert assigner is not None
    chooses = replace(assigner, nominate=POLICIES[night.policy])
    decider = replace(parts.decider, assigner=chooses, model=model.name)
    return replace(parts, model=model, assess=SimulatedAssessor(intended), decider=decider)


def _read(state: MemoryState, folder: Path, truths: Truths) -> Flown:
    happened = [event.data for event, _ in read_chain(folder / "events")]
    decided = [data for data in happened if isinstance(data, Decided)]
    passed = [data.result.outcome == "passed" for data in happened if isinstance(data, Finished)]
    skills = sorted(state.skills)
    believed = [state.learning.level(skill).mean for skill in skills]
    planted = [truths.ability_of(skill) for skill in skills]
    forecasts = state.totals.forecasts
    return Flown(
        shown=_shown(state, truths, decided[-LAST:]),
        correlation=float(np.corrcoef(believed, planted)[0, 1]),
        brier=forecasts.brier or 0.0,
        constant_brier=forecasts.constant_brier or 0.0,
        pass_rate=sum(passed) / len(passed),
        last_pass_rate=sum(passed[-LAST:]) / len(passed[-LAST:]),
    )


def _shown(state: MemoryState, truths: Truths, decided: Sequence[Decided]) -> dict[Kind, float]:
    """Kind -> how often one planted rule of it was shown in these units, on average."""
    planted = kinds(truths)
    of_rule = {record.id: planted[record.text] for record in state.learning.rules if record.text in planted}
    seen = Counter(
        of_rule[nominee.id]
        for each in decided
        if each.assignment
        for nominee in each.assignment.shown
        if nominee.id in of_rule
    )
    sizes = Counter(of_rule.values())
    return {kind: seen[kind] / size for kind, size in sizes.items()}


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

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Fault as fault:
            future.set_exception(fault)
        return future
