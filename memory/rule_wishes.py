"""What people may want of the rules, and whether it can be done."""

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN
from memory.events import RuleAdded, RuleEdited, RuleJudged, RuleMerged, RuleUnmerged, RuleWord
from memory.rule_merging import (
    why_inseparable,
    why_opposed,
    why_opposes_merged,
    why_turned_round,
    why_unchangeable,
    why_unmergeable,
)
from memory.rule_origins import GivenSource, OneName, Source
from memory.rules import ERROR_CLASSES_KEPT, ErrorClass, RuleBook, RuleId, RuleText, Standing
from memory.tasks import Skill

SKILLS_KEPT = 50


class AddRule(BaseModel):
    """A rule that is to be known; no skills, or no error classes, stand for all."""

    model_config = FROZEN

    kind: Literal["add"] = "add"
    text: RuleText
    skills: Annotated[tuple[Skill, ...], Field(max_length=SKILLS_KEPT)] = ()
    error_classes: Annotated[tuple[ErrorClass, ...], Field(max_length=ERROR_CLASSES_KEPT)] = ()
    source: GivenSource = "person"
    file: OneName = ""


class EditRule(BaseModel):
    """A new version of a rule."""

    model_config = FROZEN

    kind: Literal["edit"] = "edit"
    rule: RuleId
    text: RuleText


class JudgeRule(BaseModel):
    """A rule that is to be shown always (`pinned`), never (`banned`), or when it helps (`free`)."""

    model_config = FROZEN

    kind: Literal["judge"] = "judge"
    rule: RuleId
    standing: Standing


class MergeRules(BaseModel):
    """Two rules that say the same: the other's texts are to belong to the kept one."""

    model_config = FROZEN

    kind: Literal["merge"] = "merge"
    kept: RuleId
    other: RuleId


class UnmergeRule(BaseModel):
    """A rule that is to stand by itself again."""

    model_config = FROZEN

    kind: Literal["unmerge"] = "unmerge"
    rule: RuleId


AnyWish = AddRule | EditRule | JudgeRule | MergeRules | UnmergeRule
RuleWish = Annotated[AnyWish, Field(discriminator="kind")]


def why_impossible(book: RuleBook, wish: AnyWish) -> str:
    """Why these rules cannot take the wish; empty if they can."""
    match wish:
        case AddRule():
            return ""
        case EditRule():
            return why_unchangeable(book, wish.rule) or _why_uneditable(book, wish)
        case JudgeRule():
            return why_unchangeable(book, wish.rule)
        case MergeRules():
            return why_unmergeable(book, wish.kept, wish.other) or _why_contradictory(book, wish)
        case UnmergeRule():
            return why_inseparable(book, wish.rule)


def _why_uneditable(book: RuleBook, wish: EditRule) -> str:
    record = book.get(wish.rule)
    assert record is not None  # it was looked for before
    if wish.text == record.text:
        return f"{wish.rule} has this text already"
    owner = book.owner(wish.text)
    if owner is not None and owner is not record:
        if owner.merged_into:
            return f"{owner.id} has this text and was merged into {owner.merged_into}; unmerge it, then keep that one"
        return f"{owner.id} has this text; ban one of the two instead"
    return why_turned_round(record, wish.text) or why_opposes_merged(book, record, wish.text)


def _why_contradictory(book: RuleBook, wish: MergeRules) -> str:
    kept, other = book.get(wish.kept), book.get(wish.other)
    assert kept is not None  # they were looked for before
    assert other is not None
    why = why_opposed(book, kept, other)
    return f"{kept.id} and {other.id} contradict each other ({why}); such rules are never merged" if why else ""


def grant(book: RuleBook, wish: AnyWish, *, by: str, at: str) -> str:
    """The id of the rule that the wish changed, of a merge the kept one; only for a wish that is possible."""
    match wish:
        case AddRule():
            source = Source(kind=wish.source, by=by, file=wish.file)
            return book.propose(
                wish.text, source=source, at=at, skills=wish.skills, error_classes=wish.error_classes
            ).id
        case EditRule():
            book.edit(wish.rule, wish.text, by=by)
        case JudgeRule():
            book.judge(wish.rule, wish.standing)
        case MergeRules():
            book.merge(wish.kept, wish.other)
            return wish.kept
        case UnmergeRule():
            book.unmerge(wish.rule)
    return wish.rule


def event_of(wish: AnyWish, *, by: str) -> RuleWord:
    """What the log says of it."""
    fields = wish.model_dump(exclude={"kind"})
    match wish:
        case AddRule():
            return RuleAdded(by=by, **fields)
        case EditRule():
            return RuleEdited(by=by, **fields)
        case JudgeRule():
            return RuleJudged(by=by, **fields)
        case MergeRules():
            return RuleMerged(by=by, **fields)
        case UnmergeRule():
            return RuleUnmerged(by=by, **fields)


def batches(wishes: Sequence[AnyWish]) -> list[list[AnyWish]]:
    """The wishes in order, cut so that none depends on another of its batch: only additions stand together."""
    groups = groupby(enumerate(wishes), key=lambda each: -1 if isinstance(each[1], AddRule) else each[0])
    return [[wish for _, wish in group] for _, group in groups]
