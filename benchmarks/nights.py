"""Simulated nights through the real loop with ways of choosing to compare, and what came of them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from executor.assess import Assess
from memory.builder_model import Floats, Numbers
from memory.event_lines import read_chain
from memory.events import Decided, Finished
from memory.learning import Learning
from memory.rule_wishes import AddRule
from memory.state import MemoryState
from memory.tasks import Task
from trainer.nominate import MOST, Nominate, Nomination, ThompsonSampling
from utils.commands import flights
from utils.completions import Completion
from utils.display import Display
from utils.lots import Lots
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import Kind, kinds
from utils.settings import Settings

AS_SHIPPED = Settings.model_construct()
"""Nobody's environment changes the figures."""
LAST = 100
"""Units at the end of a night whose choices are counted."""


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


def by_the_usual(usual: Assess) -> Assess:
    """Whoever judges as it is; a function with a name, for nights are handed to other processes."""
    return usual


@dataclass(frozen=True, slots=True)
class Night:
    """What a night is made with; `settings` are those that are not as shipped, `judged` tells who judges instead."""

    seed: int
    units: int
    policy: str
    truths: Truths
    rules: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    display: Display = field(default_factory=flights.SilentDisplay)
    judged: Callable[[Assess], Assess] = by_the_usual


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
    flight = flights.Night(
        seed=night.seed,
        units=night.units,
        truths=night.truths,
        rules=tuple(AddRule(text=text) for text in night.rules),
        settings=AS_SHIPPED.model_copy(update=dict(night.settings)),
        nominate=POLICIES[night.policy],
        display=night.display,
        judged=night.judged,
    )
    return _read(flights.fly(flight, folder, overhear=overhear), folder, night.truths)


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
