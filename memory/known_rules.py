"""The rules as a reader knows them: their documents on disk, and what waits in the inbox on top of them."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from memory import inbox
from memory.reading import check_memory, read_document
from memory.rule_merging import why_opposed
from memory.rule_origins import Source
from memory.rule_wishes import AnyWish, grant, why_impossible
from memory.rules import SOURCES_KEPT, RuleBook, RuleRecord
from memory.similar_rules import Likeness
from memory.views.library import Rule, RuleBeliefs, rule_document
from utils.errors import InputError
from utils.text import one_line

MIN_PREFIX = 4
MEND = "python utils/cli.py rebuild"
CANDIDATES_NAMED = 3
_PREFIX = re.compile(r"(?:rule-)?([0-9a-f]{4,12})")


@dataclass(frozen=True, slots=True)
class SimilarRules:
    """Two rules whose texts are similar.

    Attributes:
        rules: the two.
        similarity: 0..1.
        contradiction: how they contradict each other; empty if they may say the same, and may be merged.
    """

    rules: tuple[Rule, Rule]
    similarity: float
    contradiction: str


class KnownRules:
    """What a writer would know once it has taken in the inbox."""

    def __init__(self) -> None:
        """No rule is known."""
        self._book = RuleBook()
        self._beliefs: dict[str, RuleBeliefs] = {}

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Those of a memory; none where there is no memory.

        Raises:
            InputError: a document is damaged or of a newer version.
        """
        known = cls()
        wishes = inbox.waiting(folder)  # before the documents: what a writer takes in meanwhile is not missed
        paths = sorted((folder / "rules").glob("rule-*.json"))
        documents = [read_document(folder, f"rules/{path.name}", Rule) for path in paths]
        for document, path in zip(documents, paths, strict=True):
            known._put(document, path)
        known._join(document for document in documents if document.merged_into)
        for wish in wishes:
            for each in wish.rules:
                if not why_impossible(known._book, each):
                    grant(known._book, each, by=wish.by, at="")
        return known

    def _put(self, document: Rule, path: Path) -> None:
        record = self._book.propose(
            document.versions[0],
            source=Source(kind=document.source, by=document.by),
            at=document.first_at,
            skills=document.skills,
            error_classes=document.error_classes,
        )
        if record.id != document.id or record.proposals > 1:
            raise InputError(f"{path} is no rule of this memory; mend it with `{MEND}`")
        for text in document.versions[1:]:
            self._book.edit(record.id, text, by="")
        if document.state in {"pinned", "banned"}:
            self._book.judge(record.id, document.state)
        _restore(record, document)
        self._beliefs[record.id] = RuleBeliefs(
            document.version, document.effect, document.effect_in_skill, document.trial, document.verdict
        )

    def _join(self, merged: Iterable[Rule]) -> None:
        for document in merged:
            record, into = self._book.get(document.id), self._book.get(document.merged_into)
            if record is None or into is None or self._book.root(into) is record:
                raise InputError(f"{document.id} was merged into no rule of this memory; mend it with `{MEND}`")
            self._book.merge(into.id, record.id)

    def __iter__(self) -> Iterator[Rule]:
        return (self._document(record) for record in self._book)

    def _document(self, record: RuleRecord) -> Rule:
        beliefs = self._beliefs.get(record.id)
        if beliefs is None or beliefs.version != record.version:
            beliefs = RuleBeliefs(record.version)
        return rule_document(record, beliefs)

    def find(self, name: str) -> Rule:
        """The rule that a person means.

        Args:
            name: its id, or the first hexadecimal digits of it, at least 4; `rule-` may be left out.

        Raises:
            InputError: there is none, or several.
        """
        shown = one_line(name, 60)
        match = _PREFIX.fullmatch(name.strip().lower())
        if match is None:
            raise InputError(f"{shown!r} is no rule id; give at least {MIN_PREFIX} of its 12 hexadecimal digits")
        found = [record for record in self._book if record.id.startswith(f"rule-{match[1]}")]
        if not found:
            raise InputError(f"there is no rule {shown!r}; `rules list --all` shows those that there are")
        if len(found) > 1:
            some = ", ".join(record.id for record in found[:CANDIDATES_NAMED])
            raise InputError(f"{shown!r} could be {len(found)} rules ({some}); give more digits")
        return self._document(found[0])

    def grant(self, wish: AnyWish, *, by: str, at: str) -> Rule:
        """The rule as it will be once the wish was taken in.

        Raises:
            InputError: it cannot be taken in.
        """
        if why := why_impossible(self._book, wish):
            raise InputError(why)
        record = self._book.get(grant(self._book, wish, by=by, at=at))
        assert record is not None
        return self._document(record)

    def similar(self, rule: Rule | None, *, limit: int) -> list[SimilarRules]:
        """Pairs of rules whose present texts are similar, the most similar first, at most `limit`.

        Args:
            rule: one of each pair; of any two rules if None.
            limit: at least 1.
        """
        records = sorted((each for each in self._book if not each.merged_into), key=lambda each: each.id)
        places = {record.id: place for place, record in enumerate(records)}
        likeness = Likeness([record.text for record in records])
        if rule is None:
            found = likeness.pairs(limit)
        else:
            found = likeness.to(places[rule.id], limit) if rule.id in places else []
        return [self._pair(records[each.one], records[each.other], each.similarity) for each in found]

    def _pair(self, one: RuleRecord, other: RuleRecord, similarity: float) -> SimilarRules:
        return SimilarRules(
            rules=(self._document(one), self._document(other)),
            similarity=similarity,
            contradiction=why_opposed(self._book, one, other),
        )


def existing_rules(folder: Path) -> KnownRules:
    """The rules of a memory that there is, or that at least has an inbox.

    Raises:
        InputError: there is none, or a document is damaged or of a newer version.
    """
    check_memory(folder)
    return KnownRules.read(folder)


def _restore(record: RuleRecord, document: Rule) -> None:
    """Give the record the past that the document tells of."""
    record.proposals = document.proposals
    record.sources = deque(document.sources, maxlen=SOURCES_KEPT)
    record.nominated, record.held_out, record.dropped = document.nominated, document.held_out, document.dropped
    record.shown, record.passed_shown = document.shown, document.passed_shown
