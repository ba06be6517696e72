"""Rules in words, for people."""

from collections.abc import Iterator

from memory.known_rules import SimilarRules
from memory.statistics import Z95
from memory.views.library import Effect, Rule


def counted(count: int, what: str) -> str:
    """1 time, 2 times."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def waits(*, taken: bool) -> str:
    """What to add to a notice where the loop has not taken a wish in yet."""
    return "" if taken else "; it waits in the inbox for the loop"


def where(rule: Rule) -> str:
    """Its scope."""
    skills = ", ".join(rule.skills) or "everywhere"
    return f"{skills}, after {', '.join(rule.error_classes)}" if rule.error_classes else skills


def short(effect: Effect) -> str:
    """The effect in logits, with its interval of 95 %."""
    return f"{effect.mean:+.2f} ± {Z95 * effect.sd:.2f}"


def _belief(effect: Effect) -> str:
    low, high = effect.mean - Z95 * effect.sd, effect.mean + Z95 * effect.sd
    return f"{effect.mean:+.2f} logits, 95 % between {low:+.2f} and {high:+.2f}"


def portrait(rule: Rule) -> Iterator[str]:
    """All that is known of a rule."""
    into = f" into {rule.merged_into}" if rule.merged_into else ""
    yield f"{rule.id}: {rule.state}{into}, version {rule.version}"
    yield rule.text
    yield ""
    yield f"where       {where(rule)}"
    yield (
        f"proposed    {counted(rule.proposals, 'time')}, first by {rule.source} {rule.by} "
        f"at {rule.first_at or 'a moment ago'}"
    )
    yield f"latest from {', '.join(map(str, rule.sources))}"
    if rule.absorbed:
        yield f"stands for  {', '.join(rule.absorbed)}, which were merged into it"
    yield f"nominated   {counted(rule.nominated, 'time')}: {rule.held_out} held out, {rule.dropped} dropped, by lot"
    yield f"shown       in {counted(rule.shown, 'graded attempt')}, {rule.passed_shown} passed"
    yield f"effect      {_belief(rule.effect)} (a belief, not a proof)"
    for skill, effect in rule.effect_in_skill.items():
        yield f"  in {skill}: {_belief(effect)}"
    if rule.version > 1:
        yield "earlier versions"
        for number, text in enumerate(rule.versions[:-1], start=1):
            yield f"  {number}: {text}"


def kinship(pair: SimilarRules) -> str:
    """What two similar rules are to each other."""
    return f"contradict each other: {pair.contradiction}" if pair.contradiction else "may say the same"
