"""The rules: what was proposed by reflections and by people, where it applies, and what people decided about it.

Rules whose normalised texts are equal are one rule; nothing else is ever joined by itself, so that a rule and its
negation, or two ways of saying the same, stay apart. A person may merge two: the texts of one then belong to the other,
its counts and beliefs do not. A version is never changed: an edited text is a new version, with counts and beliefs of
its own, and the older texts still belong to the rule. All that a choice among many rules needs lies in arrays.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, StringConstraints

from memory.digests import normalised_rule, rule_id
from memory.evidence.certificates import Verdict
from memory.rule_arrays import Column
from memory.rule_origins import Source, SourceKind
from memory.rule_scopes import Scopes
from utils.files import sha256_hex
from utils.text import printable

Standing = Literal["free", "pinned", "banned"]
RuleVerdict = Literal["certified", "supported", "retired"]
"""What evidence says of a rule: proven to help for good, supported as of now, proven to harm."""
RuleId = Annotated[str, StringConstraints(pattern=r"^rule-[0-9a-f]{12}$")]
ErrorClass = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]

SOURCES_KEPT = 20
ERROR_CLASSES_KEPT = 50
"""A rule that was proposed after more kinds of errors than this is about none of them, and applies after all."""
SET_ASIDE_SHOWS = 8
SET_ASIDE_SDS = 0.5


def _checked(text: str) -> str:
    if "\n" in text or printable(text) != text:
        raise ValueError("a rule is one line without control characters")
    if not normalised_rule(text):
        raise ValueError("a rule has words")
    return text


RuleText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_checked)
]


@overload
def is_set_aside(shows: int, mean: float, sd: float) -> bool: ...
@overload
def is_set_aside(shows: NDArray[np.int64], mean: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.bool_]: ...
def is_set_aside(
    shows: int | NDArray[np.int64], mean: float | NDArray[np.float64], sd: float | NDArray[np.float64]
) -> bool | NDArray[np.bool_]:
    """Whether a rule leaves the active pool: shown often enough, and believed to harm.

    Args:
        shows: graded units of the present version that saw it.
        mean: of its believed effect, in logits.
        sd: of the same belief.
    """
    return (shows >= SET_ASIDE_SHOWS) & (mean + SET_ASIDE_SDS * sd < 0.0)


@dataclass(slots=True)
class RuleRecord:
    """One rule.

    Attributes:
        id: from the normalised text of its first version.
        place: where it stands in the book's arrays.
        texts: version n is texts[n - 1].
        by: who proposed it first.
        source: where that first proposal came from.
        first_at: when.
        skills: where it applies; empty for everywhere.
        error_classes: it applies to tasks of skills in which one of these came up; empty for all.
        standing: what a person decided; free while it is merged into another.
        merged_into: the rule that its texts belong to by a person's word; empty if it stands by itself.
        absorbed: rules that were merged into this one.
        proposals: how often it was proposed, the first time included.
        sources: who or which unit proposed or edited it, the latest 20.
        nominated: decided units of the present version.
        held_out: of the nominated ones, those that were controls.
        dropped: of the others, those whose coin dropped it.
        shown: graded units that saw the present version.
        passed_shown: of the shown ones, those that passed.
    """

    id: str
    place: int
    texts: list[str]
    by: str
    source: SourceKind
    first_at: str
    skills: set[str] = field(default_factory=set)
    error_classes: set[str] = field(default_factory=set)
    standing: Standing = "free"
    merged_into: str = ""
    absorbed: set[str] = field(default_factory=set)
    proposals: int = 0
    sources: deque[Source] = field(default_factory=lambda: deque(maxlen=SOURCES_KEPT))
    nominated: int = 0
    held_out: int = 0
    dropped: int = 0
    shown: int = 0
    passed_shown: int = 0

    @property
    def version(self) -> int:
        """The present one, from 1."""
        return len(self.texts)

    @property
    def text(self) -> str:
        """The present one."""
        return self.texts[-1]

    @property
    def key(self) -> str:
        """What the model of the Builder knows the present version by."""
        return rule_key(self.id, self.version)


def rule_key(rule: str, version: int) -> str:
    """What the model of the Builder knows a version by."""
    return f"{rule}@{version}"


class RuleBook:
    """All rules; changed only by the fold of the log."""

    def __init__(self) -> None:
        """No rule is known."""
        self._records: dict[str, RuleRecord] = {}
        self._by_place: list[RuleRecord] = []
        self._by_text: dict[str, RuleRecord] = {}
        self._banned, self._pinned, self._merged = Column(np.bool_), Column(np.bool_), Column(np.bool_)
        self._scopes = Scopes()
        self._shows, self._ranks = Column(np.int64), Column(np.uint64)
        self._certified, self._retired = Column(np.bool_), Column(np.bool_)
        self.changes: dict[str, int] = {}
        """skill -> how often what is shown in it changed; the empty name stands for every skill.

        A proposal of a reflection counts when it is nominated for the first time, for until then it changes nothing.
        """

    def __len__(self) -> int:
        return len(self._by_place)

    def __iter__(self) -> Iterator[RuleRecord]:
        return iter(self._by_place)

    def get(self, rule: str) -> RuleRecord | None:
        """The rule with this id."""
        return self._records.get(rule)

    def named(self, text: str) -> RuleRecord | None:
        """The rule that a proposal of this text joins: one of its versions has it, or one of a rule merged into it."""
        owner = self.owner(text)
        return None if owner is None else self.root(owner)

    def owner(self, text: str) -> RuleRecord | None:
        """The rule one of whose own versions has this text, in its normalised form; it may be merged into another."""
        return self._by_text.get(normalised_rule(text))

    def root(self, record: RuleRecord) -> RuleRecord:
        """The rule that it was merged into, over all steps; itself if it stands by itself."""
        while record.merged_into:
            record = self._records[record.merged_into]
        return record

    def family(self, record: RuleRecord) -> Iterator[RuleRecord]:
        """The rule, and all that were merged into it, over all steps."""
        found = [record]
        while found:
            each = found.pop()
            yield each
            found += [self._records[rule] for rule in sorted(each.absorbed)]

    def at(self, place: int) -> RuleRecord:
        """The rule at a place of the arrays."""
        return self._by_place[place]

    def propose(
        self,
        text: str,
        *,
        source: Source,
        at: str,
        skills: Iterable[str] = (),
        error_classes: Iterable[str] | None = (),
    ) -> RuleRecord:
        """Join the text to the rule that it equals, or make a rule of it; no skills, or no errors, stand for all.

        None in place of error classes says nothing of them: a new rule is for all, a known one stays as it is.
        """
        record = self.named(text)
        if record is None:
            record = self._enter(RuleRecord(rule_id(text), len(self), [text], source.by, source.kind, at))
            self._place_scope(record, set(skills), set(error_classes or ()))
        else:
            self._widen(record, set(skills), record.error_classes if error_classes is None else set(error_classes))
        record.proposals += 1
        record.sources.append(source)
        return record

    def _enter(self, record: RuleRecord) -> RuleRecord:
        self._records[record.id] = self._by_text[normalised_rule(record.text)] = record
        self._by_place.append(record)
        self._ranks.put(record.place, int(sha256_hex(record.id.encode())[:16], 16))
        return record

    def _widen(self, record: RuleRecord, skills: set[str], error_classes: set[str]) -> None:
        skills = record.skills | skills if record.skills and skills else set()
        both = record.error_classes and error_classes
        error_classes = record.error_classes | error_classes if both else set()
        if len(error_classes) > ERROR_CLASSES_KEPT:
            error_classes = set()
        if (skills, error_classes) != (record.skills, record.error_classes):
            self._place_scope(record, skills, error_classes)

    def _place_scope(self, record: RuleRecord, skills: set[str], error_classes: set[str]) -> None:
        """Give it this scope, which holds the one that it has: a rule's scope never narrows."""
        new_skills, new_errors = skills - record.skills, error_classes - record.error_classes
        self._scopes.widen(record.place, skills=new_skills, error_classes=new_errors)
        self._scopes.open(record.place, everywhere=not skills, always=not error_classes)
        record.skills, record.error_classes = skills, error_classes

    def note_change(self, record: RuleRecord) -> None:
        """What is shown in the rule's skills may differ from now on."""
        for skill in record.skills or {""}:
            self.changes[skill] = self.changes.get(skill, 0) + 1

    def edit(self, rule: str, text: str, *, by: str) -> None:
        """A new version; the counts begin anew, as the evidence does."""
        record = self._records[rule]
        record.texts.append(text)
        record.sources.append(Source(kind="person", by=by))
        record.nominated = record.held_out = record.dropped = record.shown = record.passed_shown = 0
        self._by_text.setdefault(normalised_rule(text), record)
        self._shows.put(record.place, 0)
        self._put_verdict(record, None)
        self.note_change(record)

    def judge(self, rule: str, standing: Standing) -> None:
        """A person's word."""
        record = self._records[rule]
        if standing == record.standing:
            return
        self._stand(record, standing)
        self.note_change(record)

    def _stand(self, record: RuleRecord, standing: Standing) -> None:
        record.standing = standing
        self._banned.put(record.place, standing == "banned")
        self._pinned.put(record.place, standing == "pinned")

    def merge(self, kept: str, other: str) -> None:
        """The other's texts belong to the kept rule from now on, whose scope takes the other's in.

        Counts stay where they are. Both stand by themselves until now.
        """
        record, merged = self._records[kept], self._records[other]
        self._stand(merged, "free")
        self._widen(record, set(merged.skills), set(merged.error_classes))
        merged.merged_into = kept
        record.absorbed.add(other)
        self._merged.put(merged.place, 1)
        self.note_change(record)
        self.note_change(merged)

    def unmerge(self, rule: str) -> None:
        """Its texts belong to itself again, and so do those of the rules merged into it; a ban stays on both parts.

        The scope of the rule that it was merged into stays as it is: no scope ever narrows.
        """
        record = self._records[rule]
        banned = self.root(record).standing == "banned"
        parent = self._records[record.merged_into]
        parent.absorbed.remove(rule)
        record.merged_into = ""
        self._merged.put(record.place, 0)
        self._stand(record, "banned" if banned else "free")
        self.note_change(parent)
        self.note_change(record)

    def note_verdict(self, key: str, verdict: Verdict | None) -> None:
        """What evidence says of a version; says nothing of a newer one, nor of what is no rule."""
        rule, _, version = key.rpartition("@")
        record = self._records.get(rule)
        if record is not None and record.version == int(version):
            self._put_verdict(record, verdict)
            self.note_change(record)

    def _put_verdict(self, record: RuleRecord, verdict: Verdict | None) -> None:
        self._certified.put(record.place, verdict == "certified")
        self._retired.put(record.place, verdict == "retired")

    def note_nominee(self, rule: str, version: int, *, control: bool, dropped: bool) -> None:
        """It was nominated for a unit that is now decided; says nothing of a newer version."""
        record = self._records[rule]
        if version != record.version:
            return
        if not record.nominated:
            self.note_change(record)
        record.nominated += 1
        record.held_out += control
        record.dropped += dropped and not control

    def note_shown(self, rule: str, version: int, *, passed: bool) -> None:
        """A unit that saw it has its verdict; says nothing of a newer version."""
        record = self._records[rule]
        if version != record.version:
            return
        record.shown += 1
        record.passed_shown += passed
        self._shows.put(record.place, record.shown)

    def in_scope(self, skills: Sequence[str], errors: Iterable[str]) -> NDArray[np.intp]:
        """Places of the rules that may be shown in a task of these skills, in whose skills these errors came up."""
        size = len(self)
        matching = self._scopes.matching(size, skills, errors)
        return (matching & ~self._banned.first(size) & ~self._merged.first(size)).nonzero()[0]

    def banned(self) -> Iterator[RuleRecord]:
        """The rules that a person banned, and those that were merged into them."""
        for place in self._banned.first(len(self)).nonzero()[0].tolist():
            yield from self.family(self._by_place[place])

    def pinned(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of these a person pinned."""
        return self._pinned.first(len(self))[places]

    def certified(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of these are proven to help."""
        return self._certified.first(len(self))[places]

    def retired(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of these are proven to harm."""
        return self._retired.first(len(self))[places]

    def shows(self, places: NDArray[np.intp]) -> NDArray[np.int64]:
        """How many graded units saw the present version of each of these."""
        return self._shows.first(len(self))[places]

    def ranks(self, places: NDArray[np.intp]) -> NDArray[np.uint64]:
        """A fixed random order of all rules: from the hash of the id, so that nobody's order of adding matters."""
        return self._ranks.first(len(self))[places]
