"""belogs/, rules/ and blueprints/: one file for each."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from memory.belogs import BELog
from memory.blueprints import Blueprint
from memory.digests import rule_id
from memory.events import BlueprintAdded, Event, Finished
from memory.state import MemoryState
from memory.views.view import Document
from utils.files import file_stem
from utils.ids import unit_number

SOURCES_KEPT = 20
BELOGS_IN_FOLDER = 1000


class Rule(BaseModel):
    """A rule that reflections proposed. It is remembered, and shown to nobody yet."""

    schema_version: Literal[1] = 1
    id: str
    version: int
    state: Literal["proposed"]
    text: str
    skills: tuple[str, ...]
    error_classes: tuple[str, ...]
    proposals: int
    first_at: str
    latest_sources: tuple[str, ...]


@dataclass(slots=True)
class _Proposal:
    text: str
    first_at: str
    count: int = 0
    skills: set[str] = field(default_factory=set)
    error_classes: set[str] = field(default_factory=set)
    sources: deque[str] = field(default_factory=lambda: deque(maxlen=SOURCES_KEPT))


class RulesView:
    """rules/<id>.json: proposals of equal normalised text are one rule."""

    def __init__(self) -> None:
        self._proposals: dict[str, _Proposal] = {}
        self._dirty: dict[str, None] = {}

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take the rule that a usable reflection proposes."""
        if not isinstance(event.data, Finished):
            return
        reflection = event.data.result.reflection
        if reflection is None or not reflection.rule:
            return
        key = rule_id(reflection.rule)
        proposal = self._proposals.setdefault(key, _Proposal(reflection.rule, event.at))
        proposal.count += 1
        proposal.skills |= set(state.tasks[event.data.belog.task_id].task.skills)
        proposal.error_classes.add(reflection.error_class)
        proposal.sources.append(event.data.result.unit_id)
        self._dirty[key] = None

    def changed(self) -> Iterator[Document]:
        """The rules that were proposed, or proposed again."""
        for key in self._dirty:
            proposal = self._proposals[key]
            body = Rule(
                id=key,
                version=1,
                state="proposed",
                text=proposal.text,
                skills=tuple(sorted(proposal.skills)),
                error_classes=tuple(sorted(proposal.error_classes)),
                proposals=proposal.count,
                first_at=proposal.first_at,
                latest_sources=tuple(proposal.sources),
            )
            yield Document(f"rules/{key}.json", body)
        self._dirty = {}


class BELogView:
    """belogs/<thousand>/<unit>.json."""

    def __init__(self) -> None:
        self._new: list[BELog] = []

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take a finished unit's log."""
        del state
        if isinstance(event.data, Finished):
            self._new.append(event.data.belog)

    def changed(self) -> Iterator[Document]:
        """The new logs."""
        for belog in self._new:
            thousand = unit_number(belog.execution_trace_id) // BELOGS_IN_FOLDER
            yield Document(f"belogs/{thousand:06d}/{belog.execution_trace_id}.json", belog)
        self._new = []


class BlueprintsView:
    """blueprints/<id>/v<version>.json."""

    def __init__(self) -> None:
        self._new: list[Blueprint] = []

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take a new version."""
        del state
        if isinstance(event.data, BlueprintAdded):
            self._new.append(event.data.blueprint)

    def changed(self) -> Iterator[Document]:
        """The new versions."""
        for blueprint in self._new:
            yield Document(f"blueprints/{file_stem(blueprint.id)}/v{blueprint.version}.json", blueprint)
        self._new = []
