"""What a report tells of one run, folded from the log like the views: bounded, however long the night is."""

import itertools
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from memory.analysis import Analysis
from memory.attempts import FITS_ONLY_SHOWN, OLD_JUDGE, AttemptResult, SandboxFacts
from memory.events import (
    Abandoned,
    Analysed,
    Decided,
    Event,
    Faulted,
    Finished,
    Happening,
    RunEnded,
    RunResumed,
    RunStarted,
    Slot,
)
from memory.evidence.curve import Curve
from memory.records import ForecastRecord
from memory.state import MemoryState
from memory.views.core import ScoreEntry
from memory.views.view import Document
from utils.clock import seconds_between
from utils.text import one_line

MOST_LINES = 2000
"""Attempts that are listed, the latest."""
MOST_FAULTS = 100
NAME_CHARS, SKILLS_LISTED = 60, 5
"""Of an attempt in the list."""
MOST_SKILLS = 40
LATEST_KEPT, MENDED_KEPT, FAILED_KEPT = 60, 60, 60
"""Attempts that can be shown with their code: the latest, and the latest of those that say most."""
BINS = 10
"""Of forecasts, each a tenth wide."""


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt in the list, its texts bounded; `outcome` may be `abandoned`, `detail` says more of it.

    `seen` and `offered` count learned things: those in the prompt, and those that a coin was tossed for.
    """

    number: int
    unit_id: str
    at: str
    task_id: str
    task_name: str
    skills: tuple[str, ...]
    difficulty: float
    slot: Slot
    outcome: str
    turns: int
    points: float | None
    forecast: float | None
    control: bool
    seen: int
    offered: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """An attempt with all that the log holds of it; `task_goal` is what was asked for then."""

    line: AttemptLine
    task_goal: str
    decided: Decided
    finished: Finished


@dataclass(slots=True)
class Outage:
    """A fault from its beginning until an attempt went through again; `over_at` is empty while none has."""

    at: str
    fault: str
    message: str
    over_at: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is not over."""
        return seconds_between(self.at, self.over_at) if self.over_at else None


@dataclass(slots=True)
class Work:
    """Where the time and the tokens of attempts with an outcome went."""

    model_s: float = 0.0
    sandbox_s: float = 0.0
    total_s: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    turn_tokens: int = 0
    """Of the completion tokens, those of turns, whose time was measured; reflections' is not."""
    estimated: bool = False

    def note(self, finished: Finished) -> None:
        """Add an attempt."""
        result, took = finished.result, finished.belog.execution_time
        self.model_s += took.model_s
        self.sandbox_s += took.sandbox_s
        self.total_s += took.total_s
        for turn in result.turns:
            self.prompt_tokens += turn.prompt_tokens
            self.completion_tokens += turn.completion_tokens
            self.turn_tokens += turn.completion_tokens
            self.estimated |= turn.tokens_estimated
        if result.reflection is not None:
            self.prompt_tokens += result.reflection.prompt_tokens
            self.completion_tokens += result.reflection.completion_tokens

    @property
    def tokens_per_s(self) -> float | None:
        """What the model wrote in a second that was spent waiting for it; None without a measured time."""
        return self.turn_tokens / self.model_s if self.model_s > 0 else None


@dataclass(slots=True)
class Run:
    """One run as far as the log goes."""

    number: int
    started_at: str
    model: str
    simulated: bool
    sandbox: SandboxFacts
    settings: dict[str, str]
    tasks: tuple[str, ...] | None
    resumed: int = 0
    ended: RunEnded | None = None
    last_at: str = ""
    lines: deque[AttemptLine] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    scores: deque[ScoreEntry] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    numbered: int = 0
    """How many attempts got a line."""
    faults: deque[Outage] = field(default_factory=lambda: deque(maxlen=MOST_FAULTS))
    work: Work = field(default_factory=Work)
    slots: Counter[str] = field(default_factory=Counter)
    levels: dict[str, Curve] = field(default_factory=dict)
    """skill -> its level, by the number of the attempt."""
    forecasts: list[ForecastRecord] = field(default_factory=lambda: [ForecastRecord() for _ in range(BINS)])
    """Of graded attempts, by their forecast."""
    latest: deque[Whole] = field(default_factory=lambda: deque(maxlen=LATEST_KEPT))
    mended: deque[Whole] = field(default_factory=lambda: deque(maxlen=MENDED_KEPT))
    failed: deque[Whole] = field(default_factory=lambda: deque(maxlen=FAILED_KEPT))

    @property
    def telling(self) -> Iterator[Whole]:
        """Attempts to be shown whole, each once, those that say most first: latest, mended and failed in turn."""
        seen: set[str] = set()
        turns = itertools.zip_longest(reversed(self.latest), reversed(self.mended), reversed(self.failed))
        for each in itertools.chain.from_iterable(turns):
            if each is not None and each.line.unit_id not in seen:
                seen.add(each.line.unit_id)
                yield each


class NightView:
    """The latest run; a view without documents."""

    def __init__(self) -> None:
        """No run has begun."""
        self.run: Run | None = None
        self.analysis: Analysis | None = None
        """The latest of the memory."""
        self._decided: dict[str, Decided] = {}

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take one event in."""
        data = event.data
        if isinstance(data, RunStarted):
            self._begin(data, event.at)
        elif isinstance(data, Analysed):
            self.analysis = data.analysis
        elif isinstance(data, Decided):
            self._decided[data.spec.unit_id] = data
        if self.run is not None:
            self._note(self.run, data, event.at, state)

    def changed(self) -> Iterator[Document]:
        """Nothing: a report is asked for."""
        yield from ()

    def _begin(self, started: RunStarted, at: str) -> None:
        self.run = Run(
            number=started.run,
            started_at=at,
            model=started.model,
            simulated=started.simulated,
            sandbox=started.sandbox,
            settings=started.settings,
            tasks=started.tasks,
        )

    def _note(self, run: Run, data: Happening, at: str, state: MemoryState) -> None:
        if isinstance(data, RunStarted | RunResumed | Decided | Finished | Abandoned | Faulted | RunEnded | Analysed):
            run.last_at = at
        match data:
            case RunResumed():
                _resume(run, data)
            case Finished():
                self._finish(run, data, at, state)
            case Abandoned(unit_id=unit):
                self._list(run, _line(run, self._decided.pop(unit), data, at, state))
            case Faulted(fault=fault, message=message):
                run.faults.append(Outage(at, fault, message))
            case RunEnded():
                run.ended = data

    def _finish(self, run: Run, finished: Finished, at: str, state: MemoryState) -> None:
        decided = self._decided.pop(finished.result.unit_id)
        line = _line(run, decided, finished, at, state)
        self._list(run, line)
        run.work.note(finished)
        _end_outages(run, at)
        _note_forecast(run, decided, finished)
        if finished.result.judged:
            _note_levels(run, line, state)
        result = finished.result
        score = ScoreEntry(
            unit_id=result.unit_id, at=at, task_id=line.task_id, outcome=result.outcome, score=result.score
        )
        run.scores.append(score)
        whole = Whole(line, state.tasks[line.task_id].task.goal, decided, finished)
        run.latest.append(whole)
        if result.outcome in ("failed", "no_verdict"):
            run.failed.append(whole)
        elif result.outcome == "passed" and not result.passed_first:
            run.mended.append(whole)

    @staticmethod
    def _list(run: Run, line: AttemptLine) -> None:
        run.numbered = line.number
        run.slots[line.slot] += 1
        run.lines.append(line)


def _resume(run: Run, resumed: RunResumed) -> None:
    """What was asked for last holds; older logs do not tell."""
    run.resumed += 1
    run.sandbox = resumed.sandbox or run.sandbox
    run.settings = resumed.settings or run.settings
    run.tasks = resumed.tasks or run.tasks


def _line(run: Run, decided: Decided, data: Finished | Abandoned, at: str, state: MemoryState) -> AttemptLine:
    spec, assignment = decided.spec, decided.assignment
    task = state.tasks[spec.task_id].task
    result = data.result if isinstance(data, Finished) else None
    return AttemptLine(
        number=run.numbered + 1,
        unit_id=spec.unit_id,
        at=at,
        task_id=spec.task_id,
        task_name=one_line(task.name, NAME_CHARS),
        skills=task.skills[:SKILLS_LISTED],
        difficulty=task.difficulty,
        slot=decided.slot,
        outcome=result.outcome if result else "abandoned",
        turns=len(result.turns) if result else 0,
        points=result.score.points if result and result.score else None,
        forecast=decided.forecast,
        control=assignment is not None and assignment.control,
        seen=0 if assignment is None else len(assignment.shown),
        offered=0 if assignment is None else len(assignment.nominees),
        detail="" if result is None else _detail(result),
    )


def _detail(result: AttemptResult) -> str:
    """Why there is no verdict, that it failed on what was never shown, that the old judge said so; mostly empty."""
    details = [FITS_ONLY_SHOWN] if result.fits_only_shown else [one_line(result.why_none)] if result.why_none else []
    details += [OLD_JUDGE] if result.judge == 1 and result.judged else []
    return ", ".join(details)


def _end_outages(run: Run, at: str) -> None:
    for outage in reversed(run.faults):
        if outage.over_at:
            break
        outage.over_at = at


def _note_forecast(run: Run, decided: Decided, finished: Finished) -> None:
    if decided.forecast is not None and finished.result.judged:
        place = min(int(decided.forecast * BINS), BINS - 1)
        run.forecasts[place].note(decided.forecast, passed=finished.result.outcome == "passed")


def _note_levels(run: Run, line: AttemptLine, state: MemoryState) -> None:
    for skill in line.skills:
        if skill in run.levels or len(run.levels) < MOST_SKILLS:
            run.levels.setdefault(skill, Curve()).note(line.number, state.skills[skill].levels[-1])
