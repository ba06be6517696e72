"""Look at the rules and steer them: python utils/cli.py rules ..."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError

from memory import inbox
from memory.known_rules import KnownRules, existing_rules
from memory.rule_sources import load_rules
from memory.rule_wishes import AddRule, EditRule, JudgeRule
from memory.rules import Standing
from memory.statistics import Z95
from memory.views.library import Effect, Rule, RuleState
from utils.clock import SystemClock, iso
from utils.commands.shared import BY, AsJson, Memory, folder_of, leave, show, show_lines, show_table, wrong_option
from utils.errors import InputError

STATES: tuple[RuleState, ...] = ("pinned", "on trial", "proposed", "set aside", "banned")
"""In the order of lists."""
IN_USE: tuple[RuleState, ...] = ("pinned", "on trial", "proposed")
OPTIONS = {"text": "TEXT", "skills": "--skill", "error_classes": "--error-class"}
"""Field of a wish -> where a person gives it."""

RuleName = Annotated[str, typer.Argument(metavar="ID", help="The rule's id, or its first 4 digits or more.")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="One line, at most 500 characters.")]

rules = typer.Typer(no_args_is_help=True, help="Look at the rules, add, edit, ban and pin them.")


@rules.command("list")
def list_rules(
    every: Annotated[bool, typer.Option("--all", help="Also those that are set aside or banned.")] = False,
    state: Annotated[str | None, typer.Option(help=f"Only those that are {', '.join(STATES)}.")] = None,
    skill: Annotated[str | None, typer.Option(help="Only those that may be shown in this skill.")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show the rules: pinned ones first, then by their believed effect."""
    states = (_state(state),) if state is not None else STATES if every else IN_USE
    known = existing_rules(folder_of(memory))
    chosen = [rule for rule in known if rule.state in states and (not rule.skills or skill in {None, *rule.skills})]
    chosen.sort(key=lambda rule: (STATES.index(rule.state), -rule.effect.mean, rule.id))
    if as_json:
        show([rule.model_dump(mode="json") for rule in chosen])
        return
    rows = [
        (rule.id, rule.state, f"{rule.passed_shown}/{rule.shown}", _short(rule.effect), _where(rule), rule.text)
        for rule in chosen
    ]
    show_table(("rule", "state", "passed/shown", "effect", "where", "text"), rows)


@rules.command("show")
def show_rule(rule: RuleName, memory: Memory = None, as_json: AsJson = False) -> None:
    """Show everything that is known of one rule."""
    found = existing_rules(folder_of(memory)).find(rule)
    if as_json:
        show(found)
    else:
        show_lines(_portrait(found))


@rules.command("add")
def add_rule(
    text: Text,
    skill: Annotated[list[str] | None, typer.Option(help="Where it applies; can be given again.")] = None,
    error_class: Annotated[list[str] | None, typer.Option(help="After which errors; can be given again.")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Bring in a rule; without skills it applies everywhere."""
    folder = folder_of(memory)
    wish = _valid(AddRule, text=text, skills=tuple(skill or ()), error_classes=tuple(error_class or ()))
    rule = KnownRules.read(folder).grant(wish, by=BY, at=iso(SystemClock().now()))
    taken = leave(folder, inbox.Wish(by=BY, rules=(wish,)))
    how = (
        "added"
        if rule.proposals == 1
        else f"known already, proposed {_counted(rule.proposals, 'time')} now, {rule.state}"
    )
    show(rule if as_json else f"{rule.id} {how}, {_where(rule)}{_waits(taken=taken)}")


@rules.command("import")
def import_rules(
    file: Annotated[Path, typer.Argument(help="Plain text, a rule a line; or JSON, JSONL or TOML.")],
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Bring in all rules of a file, or none if one is wrong."""
    folder = folder_of(memory)
    wishes = load_rules(file)
    known, at = KnownRules.read(folder), iso(SystemClock().now())
    granted = [known.grant(wish, by=BY, at=at) for wish in wishes]
    new = [rule.id for rule in granted if rule.proposals == 1]
    old = [rule.id for rule in granted if rule.proposals > 1]
    taken = leave(folder, inbox.Wish(by=BY, rules=wishes))
    words = f"{_counted(len(new), 'rule')} of {file} added, {len(old)} known already{_waits(taken=taken)}"
    show({"added": new, "known": old} if as_json else words)


@rules.command("edit")
def edit_rule(rule: RuleName, text: Text, memory: Memory = None, as_json: AsJson = False) -> None:
    """Give a rule a new text; what was learned of the old one stays with the old one."""
    folder = folder_of(memory)
    known = existing_rules(folder)
    wish = _valid(EditRule, rule=known.find(rule).id, text=text)
    edited = known.grant(wish, by=BY, at="")
    taken = leave(folder, inbox.Wish(by=BY, rules=(wish,)))
    show(edited if as_json else f"{edited.id} has version {edited.version} now{_waits(taken=taken)}")


@rules.command("ban")
def ban_rule(rule: RuleName, memory: Memory = None, as_json: AsJson = False) -> None:
    """Never show a rule again, whoever proposes it."""
    _judge(rule, "banned", memory, as_json=as_json)


@rules.command("pin")
def pin_rule(rule: RuleName, memory: Memory = None, as_json: AsJson = False) -> None:
    """Nominate a rule wherever it applies, whatever is believed of it; the coins still decide who sees it."""
    _judge(rule, "pinned", memory, as_json=as_json)


@rules.command("free")
def free_rule(rule: RuleName, memory: Memory = None, as_json: AsJson = False) -> None:
    """Take a ban or a pin back."""
    _judge(rule, "free", memory, as_json=as_json)


def _judge(name: str, standing: Standing, memory: Path | None, *, as_json: bool) -> None:
    folder = folder_of(memory)
    known = existing_rules(folder)
    before = known.find(name)
    stands: Standing = before.state if before.state in {"pinned", "banned"} else "free"
    if stands == standing:
        show(before if as_json else f"{before.id} was {standing} before; nothing to do")
        return
    wish = JudgeRule(rule=before.id, standing=standing)
    after = known.grant(wish, by=BY, at="")
    taken = leave(folder, inbox.Wish(by=BY, rules=(wish,)))
    show(after if as_json else f"{after.id} is {standing} now{_waits(taken=taken)}")


def _valid(kind: type[BaseModel], **fields: Any) -> Any:  # noqa: ANN401  the options of a command, validated here
    try:
        return kind(**fields)
    except ValidationError as error:
        raise wrong_option(error, OPTIONS, whole="the rule") from error


def _state(name: str) -> RuleState:
    plain = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    for state in STATES:
        if plain == state:
            return state
    raise InputError(f"--state: {name[:60]!r} is none of {', '.join(STATES)}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _waits(*, taken: bool) -> str:
    return "" if taken else "; it waits in the inbox for the loop"


def _where(rule: Rule) -> str:
    where = ", ".join(rule.skills) or "everywhere"
    return f"{where}, after {', '.join(rule.error_classes)}" if rule.error_classes else where


def _short(effect: Effect) -> str:
    return f"{effect.mean:+.2f} ± {Z95 * effect.sd:.2f}"


def _belief(effect: Effect) -> str:
    low, high = effect.mean - Z95 * effect.sd, effect.mean + Z95 * effect.sd
    return f"{effect.mean:+.2f} logits, 95 % between {low:+.2f} and {high:+.2f}"


def _portrait(rule: Rule) -> Iterator[str]:
    yield f"{rule.id}: {rule.state}, version {rule.version}"
    yield rule.text
    yield ""
    yield f"where       {_where(rule)}"
    yield f"proposed    {_counted(rule.proposals, 'time')}, first by {rule.by} at {rule.first_at or 'a moment ago'}"
    yield f"latest from {', '.join(rule.latest_sources)}"
    yield f"nominated   {_counted(rule.nominated, 'time')}: {rule.held_out} held out, {rule.dropped} dropped, by lot"
    yield f"shown       in {_counted(rule.shown, 'graded attempt')}, {rule.passed_shown} passed"
    yield f"effect      {_belief(rule.effect)} (a belief, not a proof)"
    for skill, effect in rule.effect_in_skill.items():
        yield f"  in {skill}: {_belief(effect)}"
    if rule.version > 1:
        yield "earlier versions"
        for number, text in enumerate(rule.versions[:-1], start=1):
            yield f"  {number}: {text}"
