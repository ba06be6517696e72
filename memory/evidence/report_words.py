"""What the evidence says, for people."""

import math
from collections.abc import Iterator, Mapping, Sequence

from memory.evidence.bets import PROVEN
from memory.evidence.book import ClaimName
from memory.evidence.counted import UNSEEN_FROM
from memory.evidence.report_forms import ClaimReport, EffectReport, EvidenceReport

CLAIM_WORDS: Mapping[ClaimName, str] = {
    "passed": "passes, after repairs",
    "passed_first": "passes at the first try",
    "no_repeat": "repeats no mistake",
    "score": "score",
}
"""What an attempt does more often, or more of, if learning helps."""
ON_SHOWN = "rests on checks that the model was shown"
LARGE = 6.0
"""From this power of ten on a number is shown as one."""


def words_of(claims: Sequence[ClaimReport], *, alarms: str, unjudged: bool = False) -> str:
    """The verdict in a sentence or two, from the claims on passing after repairs and at the first try.

    `unjudged`: whether there are attempts without a verdict; a proof says so if it would not be one at their worst.
    """
    primary, first = claims[:2]
    units = primary.treated.units + primary.control.units
    if alarms:
        return f"Suspended: {alarms}. No claim is made until it is known why."
    if primary.standing == "harm proven":
        return f"Harm proven: with what was learned attempts fail (after {primary.harm_proven_at} of {units} attempts)."
    if primary.standing == "proven":
        return _proven(primary, first) + (_at_worst(primary) if unjudged else "")
    tail = ""
    if primary.units_to_verdict is not None:
        tail = f"; at the present rates it would take about {primary.units_to_verdict} more"
    evidence = number_of(primary.log10_e_helps)
    return f"Not proven yet that learning helps ({units} attempts with a coin, evidence {evidence} of 20{tail})."


def _proven(primary: ClaimReport, first: ClaimReport) -> str:
    """That it is, and what moved: what passes after repairs alone may have been told the answers."""
    at = f"(after {primary.proven_at} of {primary.treated.units + primary.control.units} attempts)"
    if first.standing == "proven":
        return f"Proven: what was learned makes attempts pass {at}, at the first try too (after {first.proven_at})."
    effect = "" if first.effect is None else f" (effect {effect_words(first.effect)})"
    other = "harm is proven" if first.standing == "harm proven" else "it is not proven"
    return f"Proven: what was learned makes attempts pass after repairs {at}; at the first try {other}{effect}."


def _at_worst(primary: ClaimReport) -> str:
    if primary.log10_e_worst >= math.log10(PROVEN):
        return ""
    evidence = number_of(primary.log10_e_worst)
    return f" Had each attempt without a verdict been the worst that it could be, the evidence were {evidence} of 20."


def effect_words(effect: EffectReport) -> str:
    """An average effect with its interval."""
    return f"{effect.mean:+.3f}, 95 % interval {effect.low:+.3f} to {effect.high:+.3f}"


def judge_lines(report: EvidenceReport) -> Iterator[str]:
    """What rests on checks that the model was shown; nothing where nothing does."""
    if report.judge < UNSEEN_FROM and any(arm.units for arm in (report.claims[0].treated, report.claims[0].control)):
        yield f"All of it was said by the old judge: what is proven or certified {ON_SHOWN}."
    for each in report.earlier:
        proven = [
            f"{word}: {', '.join(keys)}."
            for word, keys in (("Certified", each.certified), ("Retired", each.retired))
            if keys
        ]
        told = " ".join([each.words, *proven])
        yield f"Before, by the old judge: {told} All of that {ON_SHOWN}, and counts for nothing here."


def number_of(log10: float) -> str:
    """What a power of ten stands for, to two digits."""
    return f"{10**log10:.2g}" if log10 < LARGE else f"10^{log10:.0f}"
