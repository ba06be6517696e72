"""belogs/ and rules/: one file for each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.belogs import BELog
from memory.builder_model import EFFECT, Belief
from memory.events import (
    Abandoned,
    Analysed,
    Decided,
    Event,
    Finished,
    RuleAdded,
    RuleEdited,
    RuleJudged,
    RuleMerged,
    RuleUnmerged,
    RuleWord,
    RunEnded,
    RunResumed,
    RunStarted,
)
from memory.rule_origins import Source, SourceKind
from memory.rules import RuleRecord, RuleVerdict, is_set_aside
from memory.state import MemoryState
from memory.views.view import Document
from utils.ids import unit_number

BELOGS_IN_FOLDER = 1000
DIGITS = 6

Count = Annotated[int, Field(ge=0)]
RuleState = Literal["proposed", "tried", "on trial", "set aside", RuleVerdict, "merged", "pinned", "banned"]
"""Never nominated, nominated, promising enough to be tested, believed to harm; what evidence says; and what
people decided, which wins over all of these."""


class Effect(BaseModel):
    """What is believed of a rule's effect on passing, a Gaussian, in logits."""

    mean: float
    sd: Annotated[float, Field(ge=0)]


class Rule(BaseModel):
    """A rule, and how its present version fared.

    Attributes:
        id: from the normalised text of the first version.
        version: the present one, from 1.
        text: the present one.
        versions: the texts of all versions, oldest first.
        state: in words, see RuleState.
        skills: where it applies; empty for everywhere.
        error_classes: it applies to tasks of skills in which one of these came up; empty for all.
        proposals: how often reflections and people proposed it.
        by: the unit or person that proposed it first.
        source: where that first proposal came from.
        first_at: when.
        sources: who proposed or edited it, the latest 20.
        merged_into: the rule that its texts belong to by a person's word; empty if it stands by itself.
        absorbed: rules that were merged into this one; what was counted of them stays with them.
        trial: the number of the present version in the order of going on trial, from 1; 0 if it is not on trial.
        verdict: what evidence says of the present version; None if it says nothing.
        nominated: decided units for which the present version was a candidate.
        held_out: of these, units that saw nothing that was learned, by lot.
        dropped: of the others, units that did not see it, by lot.
        shown: graded units that saw it.
        passed_shown: of these, those that passed.
        effect: as of the last change of this document.
        effect_in_skill: skill -> the effect there, as of the last graded unit in it that saw the present version.
    """

    schema_version: Literal[1] = 1
    id: str
    version: Annotated[int, Field(ge=1)]
    text: str
    versions: tuple[str, ...]
    state: RuleState
    skills: tuple[str, ...]
    error_classes: tuple[str, ...]
    proposals: Count
    by: str
    source: SourceKind = "person"
    first_at: str
    sources: tuple[Source, ...] = ()
    merged_into: str = ""
    absorbed: tuple[str, ...] = ()
    trial: Count = 0
    verdict: RuleVerdict | None = None
    nominated: Count
    held_out: Count
    dropped: Count
    shown: Count
    passed_shown: Count
    effect: Effect
    effect_in_skill: dict[str, Effect]


@dataclass(slots=True)
class RuleBeliefs:
    """What is believed and what is proven of one version of a rule, in general and in the skills in which it was seen.

    Attributes:
        version: of the rule's text.
        effect: on passing, in general.
        in_skill: skill -> the effect there.
        trial: its number in the order of going on trial, from 1; 0 if it is not on trial.
        verdict: what evidence says; None if it says nothing.
    """

    version: int
    effect: Effect = field(default_factory=lambda: effect_of(Belief(EFFECT.mean, EFFECT.variance)))
    in_skill: dict[str, Effect] = field(default_factory=dict)
    trial: int = 0
    verdict: RuleVerdict | None = None


def effect_of(belief: Belief) -> Effect:
    """With the digits that documents show; zero has no sign."""
    return Effect(mean=round(belief.mean, DIGITS) + 0.0, sd=round(belief.sd, DIGITS))


def rule_document(record: RuleRecord, beliefs: RuleBeliefs) -> Rule:
    """What rules/<id>.json says."""
    return Rule(
        id=record.id,
        version=record.version,
        text=record.text,
        versions=tuple(record.texts),
        state=rule_state(record, beliefs),
        skills=tuple(sorted(record.skills)),
        error_classes=tuple(sorted(record.error_classes)),
        proposals=record.proposals,
        by=record.by,
        source=record.source,
        first_at=record.first_at,
        sources=tuple(record.sources),
        merged_into=record.merged_into,
        absorbed=tuple(sorted(record.absorbed)),
        trial=beliefs.trial,
        verdict=beliefs.verdict,
        nominated=record.nominated,
        held_out=record.held_out,
        dropped=record.dropped,
        shown=record.shown,
        passed_shown=record.passed_shown,
        effect=beliefs.effect,
        effect_in_skill=dict(sorted(beliefs.in_skill.items())),
    )


def rule_state(record: RuleRecord, beliefs: RuleBeliefs) -> RuleState:
    """The state in words: a person's word wins over evidence, and evidence over belief."""
    if record.standing != "free":
        return record.standing
    if record.merged_into:
        return "merged"
    if beliefs.verdict is not None:
        return beliefs.verdict
    if is_set_aside(record.shown, beliefs.effect.mean, beliefs.effect.sd):
        return "set aside"
    if beliefs.trial:
        return "on trial"
    return "tried" if record.nominated else "proposed"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a unit in flight sees: rules with their versions, in a task of these skills."""

    rules: tuple[tuple[str, int], ...]
    skills: tuple[str, ...]


class RulesView:
    """rules/<id>.json: written when a rule changed, was nominated, or was seen by a graded unit."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        """unit in flight -> what it sees."""
        self._beliefs: dict[str, RuleBeliefs] = {}
        self._dirty: dict[str, RuleRecord] = {}
        self._parents: dict[str, str] = {}
        """merged rule -> the rule that it was merged into, for when they are parted."""

    def fold(self, event: Event, state: MemoryState) -> None:
        """Note whom the event changes, and what is believed of them now: beliefs fade while nothing happens."""
        match event.data:
            case RuleAdded() | RuleEdited() | RuleJudged() | RuleMerged() | RuleUnmerged():
                self._steer(event.data, state)
            case Decided():
                self._decide(event.data, state)
            case Finished():
                self._finish(event.data, state)
            case Abandoned(unit_id=unit):
                self._seen.pop(unit, None)
            case Analysed() | RunEnded():
                self._notice_verdicts(state)
            case RunStarted() | RunResumed() if state.learning.evidence.past:
                self._forget_verdicts(state)

    def _steer(self, word: RuleWord, state: MemoryState) -> None:
        rules = state.learning.rules
        match word:
            case RuleAdded(text=text):
                self._touch(rules.named(text), state)
            case RuleEdited(rule=rule) | RuleJudged(rule=rule):
                self._touch(rules.get(rule), state)
            case RuleMerged(kept=kept, other=other):
                self._parents[other] = kept
                self._touch(rules.get(kept), state)
                self._touch(rules.get(other), state)
            case RuleUnmerged(rule=rule):
                self._touch(rules.get(self._parents.pop(rule)), state)
                self._touch(rules.get(rule), state)

    def _touch(self, record: RuleRecord | None, state: MemoryState) -> None:
        if record is None:
            return
        known = self._beliefs.get(record.id)
        if known is None or known.version != record.version:
            known = self._beliefs[record.id] = RuleBeliefs(record.version)
        known.effect = effect_of(state.learning.model.effect(record.key, skills=()))
        known.trial, known.verdict = _proof(record.key, state)
        self._dirty[record.id] = record

    def _notice_verdicts(self, state: MemoryState) -> None:
        """Evidence may speak of a rule when another unit ends, and support may vanish while a rule rests."""
        supported = state.learning.evidence.certificates.supported()
        for key in state.learning.evidence.certificates:
            record = state.learning.rules.get(key.rpartition("@")[0])
            known = self._beliefs.get(record.id) if record is not None and record.key == key else None
            if known is not None and known.verdict != _verdict(key, state, supported):
                self._touch(record, state)

    def _forget_verdicts(self, state: MemoryState) -> None:
        """What was on trial before an earlier judge is not on trial before the present one."""
        for rule, known in self._beliefs.items():
            record = state.learning.rules.get(rule)
            if known.trial and record is not None and (known.trial, known.verdict) != _proof(record.key, state):
                self._touch(record, state)

    def _decide(self, decided: Decided, state: MemoryState) -> None:
        assignment = decided.assignment
        if assignment is None:
            return
        for nominee in assignment.nominees:
            self._touch(state.learning.rules.get(nominee.id), state)
        if rules := tuple((each.id, each.version) for each in assignment.shown if each.kind == "rule"):
            skills = state.in_flight[decided.spec.unit_id].task.skills
            self._seen[decided.spec.unit_id] = _Seen(rules, skills)

    def _finish(self, finished: Finished, state: MemoryState) -> None:
        result = finished.result
        seen = self._seen.pop(result.unit_id, None)
        if seen is not None and result.judged:
            for rule, version in seen.rules:
                self._note_outcome(state.learning.rules.get(rule), version, seen.skills, state)
        if result.reflection is not None and result.reflection.rule:
            self._touch(state.learning.rules.named(result.reflection.rule), state)

    def _note_outcome(
        self, record: RuleRecord | None, version: int, skills: tuple[str, ...], state: MemoryState
    ) -> None:
        if record is None or version != record.version:
            return
        self._touch(record, state)
        in_skill = self._beliefs[record.id].in_skill
        for skill in skills:
            in_skill[skill] = effect_of(state.learning.model.effect(record.key, skills=(skill,)))

    def changed(self) -> Iterator[Document]:
        """The rules that changed."""
        for rule, record in self._dirty.items():
            yield Document(f"rules/{rule}.json", rule_document(record, self._beliefs[rule]))
        self._dirty = {}


def _proof(key: str, state: MemoryState) -> tuple[int, RuleVerdict | None]:
    """Its number on trial, and what evidence says."""
    book = state.learning.evidence.certificates
    number = book.order(key)
    return number, _verdict(key, state, book.supported()) if number else None


def _verdict(key: str, state: MemoryState, supported: set[str]) -> RuleVerdict | None:
    proven = state.learning.evidence.certificates.verdict(key)
    return proven or ("supported" if key in supported else None)


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
            yield Document(belog_file(belog.execution_trace_id), belog)
        self._new = []


def belog_file(unit: str) -> str:
    """Where the log of a unit lies below the memory's folder."""
    return f"belogs/{unit_number(unit) // BELOGS_IN_FOLDER:06d}/{unit}.json"
