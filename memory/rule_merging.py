"""When rules may be merged, parted and changed.

What the fold of the log asks depends on the log alone. That two rules contradict each other is judged by lists of
words that may grow, so it is asked before a merge is written and never of one that is: a log stays readable.
"""

from memory.events import RuleEdited, RuleJudged, RuleMerged, RuleUnmerged
from memory.rule_oppositions import opposition
from memory.rules import RuleBook, RuleRecord
from memory.similar_rules import topics


def why_unfit(book: RuleBook, word: RuleEdited | RuleJudged | RuleMerged | RuleUnmerged) -> str:
    """Why the log cannot go on with this; empty if it can."""
    match word:
        case RuleMerged(kept=kept, other=other):
            return why_unmergeable(book, kept, other)
        case RuleUnmerged(rule=rule):
            return why_inseparable(book, rule)
        case _:
            return why_unchangeable(book, word.rule)


def why_unmergeable(book: RuleBook, kept: str, other: str) -> str:
    """Why the other cannot be merged into the kept rule, whatever they say; empty if it can.

    A person's word on one of them is neither lost nor spread: a ban is on both or on none, and what is pinned is
    merged only into what is pinned.
    """
    for rule in (kept, other):
        if book.get(rule) is None:
            return f"there is no rule {rule}"
    if kept == other:
        return f"{kept} cannot be merged into itself"
    into, from_ = book.get(kept), book.get(other)
    assert into is not None
    assert from_ is not None
    for record in (into, from_):
        if record.merged_into:
            return f"{record.id} was merged into {record.merged_into} before"
    return _why_standing_forbids(into, from_)


def _why_standing_forbids(into: RuleRecord, from_: RuleRecord) -> str:
    for one, two in ((into, from_), (from_, into)):
        if one.standing == "banned" != two.standing:
            return f"{one.id} is banned and {two.id} is not; ban both, or free {one.id}, before they are merged"
    if from_.standing == "pinned" != into.standing:
        return f"{from_.id} is pinned and {into.id} is not; pin both, or free {from_.id}, before they are merged"
    return ""


def why_inseparable(book: RuleBook, rule: str) -> str:
    """Why the rule cannot be parted from another; empty if it can."""
    record = book.get(rule)
    if record is None:
        return f"there is no rule {rule}"
    return "" if record.merged_into else f"{rule} was not merged into another"


def why_unchangeable(book: RuleBook, rule: str) -> str:
    """Why the rule cannot be edited or judged; empty if it can."""
    record = book.get(rule)
    if record is None:
        return f"there is no rule {rule}"
    return f"{rule} was merged into {record.merged_into}; name that one, or unmerge it" if record.merged_into else ""


def why_opposed(book: RuleBook, one: RuleRecord, two: RuleRecord) -> str:
    """How a text of one rule, or of a rule merged into it, contradicts one of the other's; empty if none does."""
    for mine in _texts(book, one):
        for theirs in _texts(book, two):
            if why := opposition(mine, theirs):
                return why
    return ""


def why_turned_round(record: RuleRecord, text: str) -> str:
    """How a new text says the opposite of an older one of the same rule; empty if it does not, or says more than that.

    The older texts go on belonging to the rule, so a rule must not become its own negation.
    """
    for number, older in enumerate(record.texts, start=1):
        why = opposition(older, text)
        if why and topics(text) == topics(older):
            advice = f"add the text as a rule of its own and ban {record.id}"
            return f"{record.id} would contradict its version {number} ({why}); {advice}"
    return ""


def why_opposes_merged(book: RuleBook, record: RuleRecord, text: str) -> str:
    """How a new text of the rule contradicts the texts of rules that were merged into it; empty if it does not."""
    for merged in book.family(record):
        if merged is not record:
            for theirs in merged.texts:
                if why := opposition(text, theirs):
                    return f"it contradicts {merged.id}, which was merged into {record.id}: {why}"
    return ""


def _texts(book: RuleBook, record: RuleRecord) -> list[str]:
    return [text for each in book.family(record) for text in each.texts]
