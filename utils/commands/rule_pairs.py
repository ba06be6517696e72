"""Rules that say the same, and what became of one: rules similar, merge, unmerge and history."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from memory import inbox
from memory.event_lines import read_chain
from memory.known_rules import SimilarRules, existing_rules
from memory.rule_history import history, in_words
from memory.rule_wishes import AnyWish, MergeRules, UnmergeRule
from utils.commands.rule_lines import kinship, waits
from utils.commands.shared import BY, AsJson, Memory, folder_of, leave, show, show_table, wrong_option

MOST_PAIRS = 1000

RuleName = Annotated[str, typer.Argument(metavar="ID", help="The rule's id, or its first 4 digits or more.")]
Who = Annotated[str, typer.Option("--by", help="Who says so.")]


def show_similar(
    rule: Annotated[str | None, typer.Argument(metavar="[ID]", help="One of each pair; any two if left out.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_PAIRS, help="How many pairs at most.")] = 20,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show pairs of similar rules: those that may say the same and be merged, and those that contradict each other."""
    known = existing_rules(folder_of(memory))
    pairs = known.similar(None if rule is None else known.find(rule), limit=limit)
    if as_json:
        show([_document(pair) for pair in pairs])
        return
    rows = [
        (f"{pair.similarity:.2f}", one.id, other.id, kinship(pair), one.text, other.text)
        for pair in pairs
        for one, other in (pair.rules,)
    ]
    show_table(("similarity", "rule", "other", "they", "text", "other text"), rows)


def _document(pair: SimilarRules) -> dict[str, object]:
    rules = [{"id": rule.id, "state": rule.state, "text": rule.text} for rule in pair.rules]
    return {"contradiction": pair.contradiction, "rules": rules, "similarity": round(pair.similarity, 6)}


def merge_rules(
    kept: Annotated[str, typer.Argument(metavar="KEEP", help="The rule that stands for both from now on.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The rule that says the same.")],
    by: Who = BY,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Say that two rules say the same; what was counted and believed of OTHER stays with OTHER."""
    folder = folder_of(memory)
    known = existing_rules(folder)
    into, merged = known.find(kept), known.find(other)
    wish = MergeRules(kept=into.id, other=merged.id)
    after = known.grant(wish, by=by, at="")
    taken = _want(folder, wish, by=by)
    show(after if as_json else f"{merged.id} is merged into {into.id} now{waits(taken=taken)}")


def unmerge_rule(rule: RuleName, by: Who = BY, memory: Memory = None, as_json: AsJson = False) -> None:
    """Take a merge back; the rule that it was merged into keeps its widened scope."""
    folder = folder_of(memory)
    known = existing_rules(folder)
    wish = UnmergeRule(rule=known.find(rule).id)
    after = known.grant(wish, by=by, at="")
    taken = _want(folder, wish, by=by)
    show(after if as_json else f"{after.id} stands by itself now, {after.state}{waits(taken=taken)}")


def _want(folder: Path, wish: AnyWish, *, by: str) -> bool:
    try:
        wanted = inbox.Wish(by=by, rules=(wish,))
    except ValidationError as error:
        raise wrong_option(error, {"by": "--by"}, whole="the wish") from error
    return leave(folder, wanted)


def show_history(rule: RuleName, memory: Memory = None, as_json: AsJson = False) -> None:
    """Show every change of a rule that the log holds, oldest first."""
    folder = folder_of(memory)
    found = existing_rules(folder).find(rule)
    changes = list(history((event for event, _ in read_chain(folder / "events")), found.id))
    if as_json:
        show([change.model_dump(mode="json") for change in changes])
        return
    show_table(("event", "at", "change"), [(str(change.seq), change.at, in_words(change)) for change in changes])
