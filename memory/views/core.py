"""core/: who the Builder is, what it can do, what it scored."""

from collections import deque
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from memory.attempts import Score
from memory.events import Event, Finished, TaskAdded
from memory.levels import Level, LevelTrend, level_in_words, level_of, level_trend
from memory.records import SkillRecord
from memory.state import MemoryState
from memory.statistics import pass_rate
from memory.views.view import Document

SCORES_KEPT = 200
ERRORS_SHOWN = 10


class ErrorCount(BaseModel):
    """A class of errors and how many attempts it ended."""

    error_class: str
    count: int


class BuilderProfile(BaseModel):
    """The Builder at a glance."""

    schema_version: Literal[1] = 1
    memory_id: str
    runs: int
    units: int
    passed_first: int
    passed_after_repair: int
    failed: int
    fits_only_shown: int = 0
    """Of the failed ones."""
    no_verdict: int = 0
    ungraded: int
    pass_rate: float
    tokens: int
    faults: int
    first_event_at: str
    last_event_at: str
    models: dict[str, int]
    common_errors: tuple[ErrorCount, ...]


class SkillEntry(BaseModel):
    """One skill, as the model of the Builder sees it and by its pass record.

    Attributes:
        level: with its 95 % interval; unlike the pass rates it knows how hard the tasks were.
        trend: of the level.
        words: level and trend for a person.
        attempts: graded ones.
        passes: of these.
        first_passes: without a repair.
        pass_rate: 0..1.
        recent_pass_rate: of the latest 10 attempts.
        last_at: when the latest one ended.
    """

    level: Level
    trend: LevelTrend
    words: str
    attempts: int
    passes: int
    first_passes: int
    pass_rate: float
    recent_pass_rate: float
    last_at: str


class SkillMap(BaseModel):
    """All skills that were practised on graded tasks."""

    schema_version: Literal[1] = 1
    skills: dict[str, SkillEntry]


class ScoreEntry(BaseModel):
    """The score of one unit; `score` is None if the task is ungraded, or there is no verdict."""

    unit_id: str
    at: str
    task_id: str
    outcome: str
    score: Score | None


class ScoreLog(BaseModel):
    """The last 200 units; the whole history is in events/."""

    schema_version: Literal[1] = 1
    total: int
    latest: tuple[ScoreEntry, ...]


class ProfileView:
    """core/builder_profile.json."""

    def __init__(self) -> None:
        self._state: MemoryState | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Every event changes the profile."""
        del event
        self._state = state

    def changed(self) -> Iterator[Document]:
        """The profile, if anything happened."""
        if self._state is not None:
            yield Document("core/builder_profile.json", _profile(self._state))
        self._state = None


def _profile(state: MemoryState) -> BuilderProfile:
    totals = state.totals
    passed = totals.passed_first + totals.passed_repaired
    most = sorted(state.errors.items(), key=lambda item: (-item[1].count, item[0]))[:ERRORS_SHOWN]
    return BuilderProfile(
        memory_id=state.memory_id,
        runs=state.runs,
        units=totals.units,
        passed_first=totals.passed_first,
        passed_after_repair=totals.passed_repaired,
        failed=totals.failed,
        fits_only_shown=totals.fits_only_shown,
        no_verdict=totals.no_verdict,
        ungraded=totals.ungraded,
        pass_rate=pass_rate(passed, passed + totals.failed),
        tokens=totals.tokens,
        faults=totals.faults,
        first_event_at=state.first_at,
        last_event_at=state.last_at,
        models=dict(state.models),
        common_errors=tuple(ErrorCount(error_class=name, count=record.count) for name, record in most),
    )


class SkillMapView:
    """core/skill_map.json."""

    def __init__(self) -> None:
        self._state: MemoryState | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Finished units change the map; the first event makes it."""
        if isinstance(event.data, Finished | TaskAdded) or event.seq == 1:  # a changed task changes beliefs
            self._state = state

    def changed(self) -> Iterator[Document]:
        """The map, if a unit finished."""
        if self._state is not None:
            yield Document("core/skill_map.json", _skill_map(self._state))
        self._state = None


def _skill_map(state: MemoryState) -> SkillMap:
    practised = {name: record for name, record in state.skills.items() if record.attempts}
    return SkillMap(skills={name: _skill(state, name, record) for name, record in practised.items()})


def _skill(state: MemoryState, name: str, record: SkillRecord) -> SkillEntry:
    level, trend = level_of(state.learning.level(name)), level_trend(record)
    return SkillEntry(
        level=level,
        trend=trend,
        words=level_in_words(level, trend, attempts=record.attempts),
        attempts=record.attempts,
        passes=record.passes,
        first_passes=record.first_passes,
        pass_rate=pass_rate(record.passes, record.attempts),
        recent_pass_rate=pass_rate(sum(record.recent), len(record.recent)),
        last_at=record.last_at,
    )


class ScoreLogView:
    """core/score_log.json."""

    def __init__(self) -> None:
        self._latest: deque[ScoreEntry] = deque(maxlen=SCORES_KEPT)
        self._total = 0
        self._dirty = False

    def fold(self, event: Event, state: MemoryState) -> None:
        """Add a finished unit."""
        del state
        self._dirty = self._dirty or event.seq == 1
        if not isinstance(event.data, Finished):
            return
        result, belog = event.data.result, event.data.belog
        self._latest.append(
            ScoreEntry(
                unit_id=result.unit_id,
                at=event.at,
                task_id=belog.task_id,
                outcome=result.outcome,
                score=result.score,
            )
        )
        self._total += 1
        self._dirty = True

    def changed(self) -> Iterator[Document]:
        """The log, if it grew."""
        if self._dirty:
            yield Document("core/score_log.json", ScoreLog(total=self._total, latest=tuple(self._latest)))
        self._dirty = False
