"""What became of one rule: every change of it, told by the event log."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel

from memory.events import (
    Decided,
    Event,
    Finished,
    Happening,
    RuleAdded,
    RuleEdited,
    RuleJudged,
    RuleMerged,
    RuleUnmerged,
)
from memory.rule_origins import SourceKind
from memory.rules import RuleRecord, Standing
from memory.state import MemoryState

Change = Literal["proposed", "joined", "edited", "tried", "judged", "merged", "absorbed", "parted"]
"""The first proposal, a later one, a new version, its first nomination, a person's word; it was merged into another,
another was merged into it, one of the two was taken back."""


class RuleChange(BaseModel):
    """One change of a rule.

    Attributes:
        seq: of the event.
        at: when.
        change: what kind of change.
        by: the unit or the person.
        source: where a proposal comes from; None for what is none.
        file: in which it stood; empty if it stood in none.
        text: as it was proposed or edited; empty for other changes.
        version: of the rule after the change.
        standing: after the change.
        other: the other rule of a merge; empty for other changes.
        skills: where it applies after the change; empty for everywhere.
        error_classes: after which errors; empty for all.
    """

    seq: int
    at: str
    change: Change
    by: str
    source: SourceKind | None = None
    file: str = ""
    text: str = ""
    version: int
    standing: Standing
    other: str = ""
    skills: tuple[str, ...]
    error_classes: tuple[str, ...]


def history(events: Iterable[Event], rule: str) -> Iterator[RuleChange]:
    """The changes of one rule, oldest first; none if the events do not know it. The whole log is folded for it."""
    state = MemoryState()
    for event in events:
        record = state.learning.rules.get(rule)
        before, parent = _marks(record), record.merged_into if record else ""
        state.apply(event)
        record = state.learning.rules.get(rule)
        if record is not None and _marks(record) != before:
            yield RuleChange(
                seq=event.seq,
                at=event.at,
                version=record.version,
                standing=record.standing,
                skills=tuple(sorted(record.skills)),
                error_classes=tuple(sorted(record.error_classes)),
                **_told(event.data, record, parent),
            )


def in_words(change: RuleChange) -> str:
    """A change in a few words, for people."""
    where_from = f" ({change.file})" if change.file else ""
    by = f"{change.source} {change.by}{where_from}" if change.source else change.by
    words = {
        "proposed": f"proposed by {by}: {change.text}",
        "joined": f"proposed again by {by}: {change.text}",
        "edited": f"version {change.version} by {by}: {change.text}",
        "tried": f"version {change.version} tried, first nominated for {by}",
        "judged": f"{change.standing} by {by}",
        "merged": f"merged into {change.other} by {by}",
        "absorbed": f"{change.other} merged into it by {by}",
        "parted": f"parted from {change.other} by {by}",
    }
    return words[change.change]


def _marks(record: RuleRecord | None) -> tuple[object, ...]:
    """What differs after every change."""
    if record is None:
        return ()
    merges = record.merged_into, len(record.absorbed)
    return record.proposals, record.version, record.nominated > 0, record.standing, *merges


def _told(data: Happening, record: RuleRecord, parent: str) -> dict[str, Any]:
    """What the event says of the change; `parent` is what the rule was merged into before it."""
    match data:
        case RuleAdded() | Finished():
            return {"change": "proposed" if record.proposals == 1 else "joined", **_origin(data)}
        case Decided(spec=spec):
            return {"change": "tried", "by": spec.unit_id}
        case RuleEdited():
            return {"change": "edited", "by": data.by, "text": data.text}
        case RuleJudged():
            return {"change": "judged", "by": data.by}
        case RuleMerged() | RuleUnmerged():
            return {"by": data.by, **_merge(data, record, parent)}
        case _:
            raise AssertionError(f"{data.kind} changes no rule")


def _origin(data: RuleAdded | Finished) -> dict[str, Any]:
    if isinstance(data, RuleAdded):
        return {"by": data.by, "source": data.source, "file": data.file, "text": data.text}
    reflection = data.result.reflection
    assert reflection is not None  # it proposed the rule
    return {"by": data.result.unit_id, "source": "reflection", "text": reflection.rule}


def _merge(data: RuleMerged | RuleUnmerged, record: RuleRecord, parent: str) -> dict[str, Any]:
    if isinstance(data, RuleMerged):
        away = data.other == record.id
        return {"change": "merged", "other": data.kept} if away else {"change": "absorbed", "other": data.other}
    return {"change": "parted", "other": parent if data.rule == record.id else data.rule}
