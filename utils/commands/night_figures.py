"""What came of one simulated night, against what was planted in it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Literal

from pydantic import BaseModel

from memory.assignment import Nominee
from memory.attempts import FROZEN
from memory.event_lines import read_chain
from memory.events import Decided
from memory.evidence.report import evidence_report
from memory.evidence.report_forms import ArmReport, Standing
from memory.state import MemoryState
from memory.tasks import Task
from utils.commands.planted import Chance, Planted, Witness

DIGITS = 6


class Badge(BaseModel):
    """Something learned that was certified or retired.

    `worth` is its planted effect in logits, the mean over the units in which its own coin was tossed (of recall: in
    which it was shown): the verdict is right if help is above 0, harm below.
    """

    model_config = FROZEN

    id: str
    version: int
    text: str
    verdict: Literal["certified", "retired"]
    worth: float

    @property
    def right(self) -> bool:
        """Whether it was planted so."""
        return self.worth > 0 if self.verdict == "certified" else self.worth < 0


class NightFigures(BaseModel):
    """One night.

    Attributes:
        number: from 1.
        seed: of its coins and its model.
        units: attempts.
        with_coin: of these, those in which the coin of the control was tossed.
        standing: of the claim that learning helps, at the end.
        words: the same, as its summary said it.
        alarms: why the claim is suspended; empty if it is not.
        proven_at: after how many attempts with a coin help was proven; 0 if it was not.
        harm_proven_at: the same for harm.
        log10_e_helps: evidence for help at the end.
        history: (attempts with a coin, evidence for help).
        treated: attempts that could see what was learned.
        control: attempts that could not.
        badges: what was certified or retired.
        regret: mean over the attempts that were no controls of (best - shown), planted logits; None without any.
        uniform_regret: the same for rules drawn without looking.
        brier: score of the forecasts; None without any.
        constant_brier: of the best constant.
    """

    model_config = FROZEN

    number: int
    seed: int
    units: int
    with_coin: int
    standing: Standing
    words: str
    alarms: str
    proven_at: int
    harm_proven_at: int
    log10_e_helps: float
    history: tuple[tuple[int, float], ...]
    treated: ArmReport
    control: ArmReport
    badges: tuple[Badge, ...]
    regret: float | None
    uniform_regret: float | None
    brier: float | None
    constant_brier: float | None


def figures_of(number: int, seed: int, folder: Path, state: MemoryState, witness: Witness) -> NightFigures:
    """The figures of a night, from what its memory adds up to, its log in this folder and who saw it choose."""
    report = evidence_report(state.learning.evidence)
    primary = report.claims[0]
    tally = _Tally(state, witness.planted)
    for place, decided in enumerate(_decided(folder)):
        tally.note(decided, witness.chances[place] if witness.chances else None)
    return NightFigures(
        number=number,
        seed=seed,
        units=state.totals.units,
        with_coin=primary.treated.units + primary.control.units,
        standing=report.standing,
        words=report.words,
        alarms=report.alarms,
        proven_at=primary.proven_at,
        harm_proven_at=primary.harm_proven_at,
        log10_e_helps=primary.log10_e_helps,
        history=report.history,
        treated=primary.treated,
        control=primary.control,
        badges=tuple(tally.badges()),
        regret=_mean(tally.regrets),
        uniform_regret=_mean(tally.uniform_regrets),
        brier=state.totals.forecasts.brier,
        constant_brier=state.totals.forecasts.constant_brier,
    )


def _decided(folder: Path) -> list[Decided]:
    return [event.data for event, _ in read_chain(folder / "events") if isinstance(event.data, Decided)]


def _mean(values: Sequence[float]) -> float | None:
    return round(fmean(values), DIGITS) if values else None


@dataclass(slots=True)
class _Tally:
    """What was chosen in the units so far, and what that was worth."""

    state: MemoryState
    planted: Planted
    regrets: list[float] = field(default_factory=list)
    uniform_regrets: list[float] = field(default_factory=list)
    _worths: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _tasks: dict[str, Task] = field(default_factory=dict)

    def note(self, decided: Decided, chance: Chance | None) -> None:
        """One unit, in the order of decision; `chance` is None where nothing learned is shown to anybody."""
        task = self._tasks[decided.spec.unit_id] = self.state.tasks[decided.spec.task_id].task
        assignment = decided.assignment
        if assignment is not None and assignment.control:
            return
        for nominee in assignment.nominees if assignment else ():
            if nominee.trial:
                self._worths[nominee.key] += self._worth(nominee, decided, task)
        if chance is not None:
            shown = sum(self.planted.of_rule(rule.text, task) for rule in decided.spec.shown_rules)
            self.regrets.append(chance.best - shown)
            self.uniform_regrets.append(chance.best - chance.uniform)

    def _worth(self, nominee: Nominee, decided: Decided, task: Task) -> list[float]:
        """Of one on trial; empty where recall was dropped, for what it would have told is not in the log."""
        if nominee.kind == "rule":
            return [self.planted.of_rule(self._text(nominee.id, nominee.version), task)]
        recalled = [self._tasks[each.id] for each in decided.spec.shown_belogs]
        return [self.planted.of_recall(task, recalled)] if recalled else []

    def _text(self, name: str, version: int) -> str:
        record = self.state.learning.rules.get(name)
        return record.texts[version - 1] if record else ""

    def badges(self) -> Iterator[Badge]:
        """The verdicts, in the order in which things went on trial."""
        book = self.state.learning.evidence.certificates
        for key in book:
            verdict = book.verdict(key)
            if verdict is not None:
                name, _, number = key.rpartition("@")
                worth, version = _mean(self._worths[key]) or 0.0, int(number)
                yield Badge(id=name, version=version, text=self._text(name, version), verdict=verdict, worth=worth)
