"""Look at the rules and steer them: python utils/cli.py rules ..."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError

from memory import inbox
from memory.known_rules import KnownRules, existing_rules
from memory.rule_origins import GivenSource
from memory.rule_sources import load_rules
from memory.rule_wishes import AddRule, EditRule, JudgeRule
from memory.rules import Standing
from memory.views.library import RuleState
from utils.clock import SystemClock, iso
from utils.commands.rule_lines import counted, portrait, short, waits, where
from utils.commands.rule_pairs import RuleName, merge_rules, show_history, show_similar, unmerge_rule
from utils.commands.rules_explained import explain, in_words
from utils.commands.shared import BY, AsJson, Memory, folder_of, leave, show, show_lines, show_table, wrong_option
from utils.errors import InputError

IN_USE: tuple[RuleState, ...] = ("pinned", "certified", "supported", "on trial", "tried", "proposed")
STATES: tuple[RuleState, ...] = (*IN_USE, "set aside", "retired", "merged", "banned")
"""In the order of lists."""
OPTIONS = {"text": "TEXT", "skills": "--skill", "error_classes": "--error-class"}
"""Field of a wish -> where a person gives it."""

SOURCES: tuple[GivenSource, ...] = ("person", "review", "notebook")
SourceName = Annotated[str | None, typer.Option("--source", help=f"Where it comes from: {', '.join(SOURCES)}.")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="One line, at most 500 characters.")]

rules = typer.Typer(help="Look at the rules, add, edit, merge, ban and pin them.")


@rules.callback(invoke_without_command=True)
def look(
    context: typer.Context,
    explain_rule: Annotated[str | None, typer.Option("--explain", metavar="ID", help="Why is it shown or not?")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Look at the rules, add, edit, merge, ban and pin them."""
    if context.invoked_subcommand is not None:
        if explain_rule is not None:
            raise InputError("--explain stands alone: python utils/cli.py rules --explain ID")
        return
    if explain_rule is None:
        show(context.get_help())
        return
    folder = folder_of(memory)
    found = explain(folder, existing_rules(folder).find(explain_rule))
    if as_json:
        show(found)
    else:
        show_lines(in_words(found))


rules.command("similar")(show_similar)
rules.command("merge")(merge_rules)
rules.command("unmerge")(unmerge_rule)
rules.command("history")(show_history)


@rules.command("list")
def list_rules(
    every: Annotated[bool, typer.Option("--all", help="Also set aside, retired, merged and banned ones.")] = False,
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
        (rule.id, rule.state, f"{rule.passed_shown}/{rule.shown}", short(rule.effect), where(rule), rule.text)
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
        show_lines(portrait(found))


@rules.command("add")
def add_rule(
    text: Text,
    skill: Annotated[list[str] | None, typer.Option(help="Where it applies; can be given again.")] = None,
    error_class: Annotated[list[str] | None, typer.Option(help="After which errors; can be given again.")] = None,
    source: SourceName = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Bring in a rule; without skills it applies everywhere."""
    folder = folder_of(memory)
    scope = {"skills": tuple(skill or ()), "error_classes": tuple(error_class or ())}
    wish = _valid(AddRule, text=text, source=_source(source) or "person", **scope)
    rule = KnownRules.read(folder).grant(wish, by=BY, at=iso(SystemClock().now()))
    taken = leave(folder, inbox.Wish(by=BY, rules=(wish,)))
    how = (
        "added"
        if rule.proposals == 1
        else f"known already, proposed {counted(rule.proposals, 'time')} now, {rule.state}"
    )
    show(rule if as_json else f"{rule.id} {how}, {where(rule)}{waits(taken=taken)}")


@rules.command("import")
def import_rules(
    file: Annotated[Path, typer.Argument(help="Text, a rule a line; JSON, JSONL, TOML; or notes in Markdown.")],
    source: SourceName = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Bring in all rules of a file, or none if one is wrong; of Markdown, the lists under a heading such as Rules."""
    folder = folder_of(memory)
    wishes = load_rules(file, _source(source))
    known, at = KnownRules.read(folder), iso(SystemClock().now())
    granted = [known.grant(wish, by=BY, at=at) for wish in wishes]
    new = [rule.id for rule in granted if rule.proposals == 1]
    old = [rule.id for rule in granted if rule.proposals > 1]
    taken = leave(folder, inbox.Wish(by=BY, rules=wishes))
    words = f"{counted(len(new), 'rule')} of {file} added, {len(old)} known already{waits(taken=taken)}"
    show({"added": new, "known": old} if as_json else words)


@rules.command("edit")
def edit_rule(rule: RuleName, text: Text, memory: Memory = None, as_json: AsJson = False) -> None:
    """Give a rule a new text; what was learned of the old one stays with the old one."""
    folder = folder_of(memory)
    known = existing_rules(folder)
    wish = _valid(EditRule, rule=known.find(rule).id, text=text)
    edited = known.grant(wish, by=BY, at="")
    taken = leave(folder, inbox.Wish(by=BY, rules=(wish,)))
    show(edited if as_json else f"{edited.id} has version {edited.version} now{waits(taken=taken)}")


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
    if stands == standing and before.state != "merged":
        show(before if as_json else f"{before.id} was {standing} before; nothing to do")
        return
    wish = JudgeRule(rule=before.id, standing=standing)
    after = known.grant(wish, by=BY, at="")
    taken = leave(folder, inbox.Wish(by=BY, rules=(wish,)))
    show(after if as_json else f"{after.id} is {standing} now{waits(taken=taken)}")


def _valid(kind: type[BaseModel], **fields: Any) -> Any:  # noqa: ANN401  the options of a command, validated here
    try:
        return kind(**fields)
    except ValidationError as error:
        raise wrong_option(error, OPTIONS, whole="the rule") from error


def _source(name: str | None) -> GivenSource | None:
    if name is None:
        return None
    for source in SOURCES:
        if name.strip().lower() == source:
            return source
    raise InputError(f"--source: {name[:60]!r} is none of {', '.join(SOURCES)}")


def _state(name: str) -> RuleState:
    plain = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    for state in STATES:
        if plain == state:
            return state
    raise InputError(f"--state: {name[:60]!r} is none of {', '.join(STATES)}")
