"""advanced/ and the summaries: what the Trainer decided, saw and concluded."""

from collections import deque
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from memory.analysis import Analysis
from memory.events import Analysed, Decided, Event, Finished, RunEnded
from memory.evidence.report import evidence_report
from memory.evidence.report_forms import EvidenceReport
from memory.state import MemoryState
from memory.views.view import Document

DECISIONS_KEPT = 200


class Decision(BaseModel):
    """One unit and why it was chosen."""

    unit_id: str
    at: str
    task_id: str
    number: int
    why: str


class TrainerLog(BaseModel):
    """The last 200 decisions; the whole history is in events/."""

    schema_version: Literal[1] = 1
    total: int
    latest: tuple[Decision, ...]


class Concept(BaseModel):
    """A task that was passed for the first time."""

    at: str
    unit_id: str
    task_id: str
    skills: tuple[str, ...]
    difficulty: float


class LearnedConcepts(BaseModel):
    """Tasks passed at least once: how many for each skill, and the last 200."""

    schema_version: Literal[1] = 1
    total: int
    by_skill: dict[str, int]
    latest: tuple[Concept, ...]


class Summary(BaseModel):
    """An analysis in words."""

    schema_version: Literal[1] = 1
    number: int
    at: str
    units: int
    text: str


class TrainerLogView:
    """advanced/trainer_log.json."""

    def __init__(self) -> None:
        self._latest: deque[Decision] = deque(maxlen=DECISIONS_KEPT)
        self._total = 0
        self._dirty = False

    def fold(self, event: Event, state: MemoryState) -> None:
        """Add a decision."""
        del state
        self._dirty = self._dirty or event.seq == 1
        if isinstance(event.data, Decided):
            spec = event.data.spec
            self._latest.append(
                Decision(
                    unit_id=spec.unit_id, at=event.at, task_id=spec.task_id, number=spec.number, why=event.data.why
                )
            )
            self._total += 1
            self._dirty = True

    def changed(self) -> Iterator[Document]:
        """The log, if it grew."""
        if self._dirty:
            yield Document("advanced/trainer_log.json", TrainerLog(total=self._total, latest=tuple(self._latest)))
        self._dirty = False


class ConceptsView:
    """advanced/learned_concepts.json."""

    def __init__(self) -> None:
        self._latest: deque[Concept] = deque(maxlen=DECISIONS_KEPT)
        self._by_skill: dict[str, int] = {}
        self._total = 0
        self._dirty = False

    def fold(self, event: Event, state: MemoryState) -> None:
        """Add a task on its first pass."""
        self._dirty = self._dirty or event.seq == 1
        if not isinstance(event.data, Finished) or event.data.result.outcome != "passed":
            return
        record = state.tasks[event.data.belog.task_id]
        if record.passes != 1:
            return
        task = record.task
        self._latest.append(
            Concept(
                at=event.at,
                unit_id=event.data.result.unit_id,
                task_id=task.id,
                skills=task.skills,
                difficulty=task.difficulty,
            )
        )
        for skill in task.skills:
            self._by_skill[skill] = self._by_skill.get(skill, 0) + 1
        self._total += 1
        self._dirty = True

    def changed(self) -> Iterator[Document]:
        """The concepts, if one came."""
        if self._dirty:
            body = LearnedConcepts(total=self._total, by_skill=dict(self._by_skill), latest=tuple(self._latest))
            yield Document("advanced/learned_concepts.json", body)
        self._dirty = False


class EvidenceView:
    """advanced/evidence.json: written with each analysis and at the end of each run."""

    def __init__(self) -> None:
        self._latest: EvidenceReport | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Look at the evidence."""
        if event.seq == 1 or isinstance(event.data, Analysed | RunEnded):
            self._latest = evidence_report(state.learning.evidence)

    def changed(self) -> Iterator[Document]:
        """The report, if it was looked at."""
        if self._latest is not None:
            yield Document("advanced/evidence.json", self._latest)
        self._latest = None


class AnalysisView:
    """advanced/builder_analysis_*.json and task_memory/summary_*.json."""

    def __init__(self) -> None:
        self._new: list[tuple[str, Analysis]] = []

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take an analysis."""
        del state
        if isinstance(event.data, Analysed):
            self._new.append((event.at, event.data.analysis))

    def changed(self) -> Iterator[Document]:
        """The new analyses and their summaries."""
        for at, analysis in self._new:
            yield Document(f"advanced/builder_analysis_{analysis.number:06d}.json", analysis)
            summary = Summary(number=analysis.number, at=at, units=analysis.units, text=analysis.summary)
            yield Document(f"task_memory/summary_{analysis.number:06d}.json", summary)
        self._new = []
