"""Has the model propose a changed way of working, from Blueprint Execution Logs; validated before it is believed.

The reply may come from a model that knows no JSON mode: the first JSON object in it is read, texts are cut to their
length and numbers to their range, an instruction that comes alone is taken for a list. What cannot be read, changes
nothing, or was tried before is refused with the reason. Nothing here decides whether a change is any good: that is for
the coins (trainer.blueprint_trials).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from memory.blueprint_book import BlueprintBook, RevisionTrial
from memory.blueprints import (
    HOTTEST,
    MOST_GUIDANCE,
    MOST_GUIDANCE_CHARS,
    MOST_RECALL_TOKENS,
    MOST_REPAIRS,
    MOST_RULES,
    Blueprint,
    BlueprintRevisionProposal,
    Way,
    blueprint_id,
)
from memory.decisions import repairs_of
from memory.state import MemoryState
from trainer.blueprint_breakage import touched_by
from utils.completions import Completion, Message, Model
from utils.errors import ContextOverflow
from utils.settings import Settings
from utils.text import find_json_object, one_line

FOLDER = Path(__file__).parent / "prompts"
SYSTEM = "You coach a programmer. You answer with one JSON object and nothing else."
QUIET_UNITS = 40
"""Graded attempts from one proposal, or the end of its trial, to the next: before that there is nothing new to see."""
FEWEST_FAILURES = 6
MOST_GLANCES = 12
TRIED_TOLD = 6
WHY_CHARS, TITLE_CHARS = 300, 80
_YES = frozenset({"true", "yes", "1"})
_NOTHING = frozenset({"", "null", "none", "n/a"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A reply that is no use, and why, in one line."""

    why: str


def _as_lines(value: object) -> object:
    """Instructions, however they were given: a list, or lines of one text; empty ones left out, long ones cut."""
    lines = value.splitlines() if isinstance(value, str) else value
    if lines is None:
        return ()
    if not isinstance(lines, list):
        return value
    texts = (one_line(str(line).strip().lstrip("-*• "), MOST_GUIDANCE_CHARS) for line in lines)
    return tuple(text for text in texts if text)[:MOST_GUIDANCE]


def _as_switch(value: object) -> object:
    return value.strip().lower() in _YES if isinstance(value, str) else bool(value)


def _within(low: float, high: float) -> BeforeValidator:
    def within(value: object) -> object:
        if value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING):
            return None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return min(high, max(low, float(value)))
        return value

    return BeforeValidator(within)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


class RevisionReply(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    title: Annotated[str, BeforeValidator(lambda value: one_line(str(value), TITLE_CHARS)), Field(min_length=1)]
    why: Annotated[str, BeforeValidator(lambda value: one_line(str(value or ""), WHY_CHARS))] = ""
    guidance: Annotated[tuple[str, ...], BeforeValidator(_as_lines)] = ()
    plan_first: Annotated[bool, BeforeValidator(_as_switch)] = False
    temperature: Annotated[float | None, _within(0, HOTTEST)] = None
    max_repairs: Annotated[float | None, _within(1, MOST_REPAIRS)] = None
    recall_tokens: Annotated[float | None, _within(0, MOST_RECALL_TOKENS)] = None
    most_rules: Annotated[float | None, _within(0, MOST_RULES)] = None

    def way_from(self, base: Way) -> Way:
        """The whole way of working; what was left stays as it is."""
        return Way(
            guidance=self.guidance,
            plan_first=self.plan_first,
            temperature=base.temperature if self.temperature is None else round(self.temperature, 2),
            max_repairs=base.max_repairs if self.max_repairs is None else _whole(self.max_repairs),
            recall_tokens=base.recall_tokens if self.recall_tokens is None else _whole(self.recall_tokens),
            most_rules=base.most_rules if self.most_rules is None else _whole(self.most_rules),
        )


def family_to_revise(state: MemoryState) -> str | None:
    """Whose way of working should be changed next; None while there is nothing to learn from, or no room for a trial.

    The main skill in which more than half of the latest failures lie, or else all tasks. While another trial stands in
    the way of all tasks, the skill with the most failures, if they are enough.
    """
    book = state.blueprints
    failures = {skill: sum(not each.success for each in book.glances(skill)) for skill in sorted(state.by_skill)}
    total = sum(failures.values())
    if book.quiet_units < QUIET_UNITS or total < FEWEST_FAILURES:
        return None
    worst = max(failures, key=lambda skill: failures[skill])
    if failures[worst] >= FEWEST_FAILURES and book.may_try(worst) and (2 * failures[worst] > total or book.open):
        return worst
    return "" if book.may_try("") else None


def generate_blueprint_revision(
    model: Model, state: MemoryState, family: str, *, settings: Settings, seed: int
) -> BlueprintRevisionProposal | Refused:
    """A change of a family's way of working, proposed by the model from the logs of its latest attempts.

    Args:
        model: that is asked.
        state: what is remembered; it has to know a version that is used.
        family: a main skill, or empty for all tasks.
        settings: what a blueprint leaves open.
        seed: of the request.

    Raises:
        Fault: the model is away.
    """
    base = state.blueprints.used_for(family)
    assert base is not None  # a run begins with remembering it
    question = revision_prompt(state, family, base, settings)
    completion = Completion(
        messages=(Message("system", SYSTEM), Message("user", question)),
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_tokens=settings.reply_tokens,
        seed=seed % 2**31,
        json_schema=RevisionReply.model_json_schema(),
    )
    try:
        reply = model.complete(completion)
    except ContextOverflow as error:
        return Refused(one_line(f"the model's context is too small for the question: {error}"))
    return read_revision(reply.text, state, family, base)


def read_revision(text: str, state: MemoryState, family: str, base: Blueprint) -> BlueprintRevisionProposal | Refused:
    """The proposal that a reply holds; refused if there is none, if it is no change, or if it was tried before."""
    found = find_json_object(text)
    if found is None:
        return Refused("the reply holds no JSON object")
    try:
        reply = RevisionReply.model_validate(found)
        way = reply.way_from(base.way)
    except ValidationError as error:
        first = error.errors()[0]
        return Refused(one_line(f"{'.'.join(map(str, first['loc']))[:60]}: {first['msg']}"))
    if why := _why_no_news(state.blueprints, family, base, way):
        return Refused(why)
    touched = touched_by(state, family)
    return BlueprintRevisionProposal(
        family=family,
        title=reply.title,
        why=reply.why,
        way=way,
        touched_skills=touched.skills,
        breakage_risk=touched.risk,
        cross_check=touched.cross_check,
    )


def _why_no_news(book: BlueprintBook, family: str, base: Blueprint, way: Way) -> str:
    if way == base.way:
        return "it changes nothing"
    same = next((each.key for each in book.versions(blueprint_id(family)) if each.way == way), "")
    return f"{same} worked like this" if same else ""


def revision_prompt(state: MemoryState, family: str, base: Blueprint, settings: Settings) -> str:
    """What the model is asked."""
    return _environment().get_template("blueprint_revision.jinja").render(_slots(state, family, base, settings)).strip()


def _slots(state: MemoryState, family: str, base: Blueprint, settings: Settings) -> Mapping[str, Any]:
    way, totals = base.way, state.totals
    skill = state.skills.get(family)
    passed = skill.passes if skill else totals.passed_first + totals.passed_repaired
    recall = settings.recall_tokens if way.recall_tokens is None else way.recall_tokens
    return {
        "family": family,
        "way": way,
        "temperature": settings.temperature if way.temperature is None else way.temperature,
        "repairs": repairs_of(way, settings),
        "recall_tokens": recall,
        "most_rules": MOST_RULES if way.most_rules is None else way.most_rules,
        "passed": passed,
        "attempts": skill.attempts if skill else passed + totals.failed,
        "glances": sorted(state.blueprints.glances(family), key=lambda each: each.success)[:MOST_GLANCES],
        "tried": [_told(trial) for trial in state.blueprints.trials if trial.family == family][-TRIED_TOLD:],
        "most_guidance": MOST_GUIDANCE,
        "guidance_chars": MOST_GUIDANCE_CHARS,
        "hottest": HOTTEST,
        "most_repairs": MOST_REPAIRS,
        "most_recall": MOST_RECALL_TOKENS,
        "rules": MOST_RULES,
    }


def _told(trial: RevisionTrial) -> str:
    words = " ".join(trial.proposal.way.guidance)
    return one_line(f"{trial.proposal.title} ({trial.state}{f': {trial.why}' if trial.why else ''}): {words}", 300)


def _environment() -> Environment:
    # what a model, a task or a program wrote is a value of a slot and never a template; nothing here is HTML
    return Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
    )
