"""What people may want of the rules, and whether it can be done."""

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN
from memory.events import RuleAdded, RuleEdited, RuleJudged
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


RuleWish = Annotated[AddRule | EditRule | JudgeRule, Field(discriminator="kind")]


def why_impossible(book: RuleBook, wish: AddRule | EditRule | JudgeRule) -> str:
    """Why these rules cannot take the wish; empty if they can."""
    if isinstance(wish, AddRule):
        return ""
    record = book.get(wish.rule)
    if record is None:
        return f"there is no rule {wish.rule}"
    if isinstance(wish, JudgeRule):
        return ""
    if wish.text == record.text:
        return f"{wish.rule} has this text already"
    other = book.named(wish.text)
    if other is not None and other is not record:
        return f"{other.id} has this text; ban one of the two instead"
    return ""


def grant(book: RuleBook, wish: AddRule | EditRule | JudgeRule, *, by: str, at: str) -> str:
    """The id of the rule that the wish changed; only for a wish that is possible."""
    match wish:
        case AddRule():
            record = book.propose(wish.text, by=by, at=at, skills=wish.skills, error_classes=wish.error_classes)
            return record.id
        case EditRule():
            book.edit(wish.rule, wish.text, by=by)
        case JudgeRule():
            book.judge(wish.rule, wish.standing)
    return wish.rule


def event_of(wish: AddRule | EditRule | JudgeRule, *, by: str) -> RuleAdded | RuleEdited | RuleJudged:
    """What the log says of it."""
    match wish:
        case AddRule():
            return RuleAdded(text=wish.text, skills=wish.skills, error_classes=wish.error_classes, by=by)
        case EditRule():
            return RuleEdited(rule=wish.rule, text=wish.text, by=by)
        case JudgeRule():
            return RuleJudged(rule=wish.rule, standing=wish.standing, by=by)


def batches(wishes: Sequence[AddRule | EditRule | JudgeRule]) -> list[list[AddRule | EditRule | JudgeRule]]:
    """The wishes in order, cut so that none depends on another of its batch: only additions stand together."""
    groups = groupby(enumerate(wishes), key=lambda each: -1 if isinstance(each[1], AddRule) else each[0])
    return [[wish for _, wish in group] for _, group in groups]
