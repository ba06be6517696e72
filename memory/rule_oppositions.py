"""Whether two rules contradict each other, judged by their words, and on the safe side.

Rules that contradict each other are never joined, so every doubt counts as a contradiction: a number of negators that
differs, a word that only one of them turns round, opposites (`first` and `last`, `sorted` and `unsorted`), numbers that
differ, and an order that is turned round (`A before B`, `B before A`). Not covered: contradictions that only the
meaning shows ("Return a list." and "Return a generator."); and rules that say the same may look like a contradiction.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from memory.rule_words import SIDES, Word, is_negator, numbers, words

_BEFORE_AFTER = SIDES["befor"][0]
_PREFIXES = ("un", "non", "non-")
_ORDERING = ("from", "into", "to", "over", "than")
"""Words whose two sides cannot be exchanged: bytes to text, one over the other."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What comes first and what comes later, in stems."""

    first: frozenset[str]
    later: frozenset[str]

    def turns_round(self, other: "_Order") -> bool:
        """Whether two things have changed places, or at least as many have changed sides as have not."""
        to_later, to_first = self.first & other.later, self.later & other.first
        to_later, to_first = to_later - self.later - other.first, to_first - self.first - other.later
        changed = len(to_later) + len(to_first)
        return bool(to_later and to_first) or bool(changed and changed >= self.agreement(other))

    def agreement(self, other: "_Order") -> int:
        """How many things have the same place in both."""
        return len(self.first & other.first) + len(self.later & other.later)


def opposition(text: str, other: str) -> str:
    """Why the two rules contradict each other, in words; empty if nothing says so. Symmetric but for the wording."""
    one, two = words(text), words(other)
    reasons: Sequence[Callable[[], str]] = (
        lambda: _negators(one, two),
        lambda: _turned_round(one, two),
        lambda: _opposites(one, two),
        lambda: _prefixes(one, two),
        lambda: _numbers(text, other),
        lambda: _orders(one, two),
    )
    return next(filter(None, (reason() for reason in reasons)), "")


def _negators(one: Sequence[Word], two: Sequence[Word]) -> str:
    said = [[word.text for word in each if is_negator(word.text)] for each in (one, two)]
    if len(said[0]) == len(said[1]):
        return ""
    return f"{_quoted(said[0])} against {_quoted(said[1])}"


def _turned_round(one: Sequence[Word], two: Sequence[Word]) -> str:
    (plain, negated), (other_plain, other_negated) = _by_negation(one), _by_negation(two)
    here, there = negated - plain, other_negated - other_plain
    found = sorted((here & (other_plain - other_negated)) | (there & (plain - negated)))
    return f"only one of them negates {_quoted(found)}" if found else ""


def _by_negation(found: Sequence[Word]) -> tuple[frozenset[str], frozenset[str]]:
    """Stems that are said plainly, and stems that are negated."""
    content = [word for word in found if word.content]
    return (
        frozenset(word.stem for word in content if not word.negated),
        frozenset(word.stem for word in content if word.negated),
    )


def _opposites(one: Sequence[Word], two: Sequence[Word]) -> str:
    mine, theirs = _sides(one), _sides(two)
    for pair in sorted(mine.keys() & theirs.keys() - {_BEFORE_AFTER}):
        if not mine[pair].keys() & theirs[pair].keys():
            return f"{_quoted(mine[pair].values())} against {_quoted(theirs[pair].values())}"
    return ""


def _prefixes(one: Sequence[Word], two: Sequence[Word]) -> str:
    mine, theirs = ({word.stem for word in each if word.content} for each in (one, two))
    for here, there in ((mine - theirs, theirs - mine), (theirs - mine, mine - theirs)):
        found = sorted(stem for stem in here if {f"{prefix}{stem}" for prefix in _PREFIXES} & there)
        if found:
            return f"only one of them takes {_quoted(found)} back"
    return ""


def _sides(found: Sequence[Word]) -> dict[int, dict[int, str]]:
    """Pair of opposites -> side -> the word of the text that stands on it."""
    sides: dict[int, dict[int, str]] = {}
    for word in found:
        if word.stem in SIDES:
            pair, side = SIDES[word.stem]
            sides.setdefault(pair, {}).setdefault(side, word.text)
    return sides


def _numbers(text: str, other: str) -> str:
    mine, theirs = numbers(text), numbers(other)
    if not mine or not theirs or mine == theirs:
        return ""
    return f"{_quoted(sorted(mine))} against {_quoted(sorted(theirs))}"


def _orders(one: Sequence[Word], two: Sequence[Word]) -> str:
    mine, theirs = _time_order(one), _time_order(two)
    if mine is not None and theirs is not None:
        same = [{word.text for word in each} & {"before", "after"} for each in (one, two)]
        if mine.turns_round(theirs) or (same[0] != same[1] and not mine.agreement(theirs)):
            return "what comes first in one comes later in the other"
    for name in _ORDERING:
        left, right = _around(one, name), _around(two, name)
        if left is not None and right is not None and left.turns_round(right):
            return f"{_quoted([name])} with its sides exchanged"
    return ""


def _time_order(found: Sequence[Word]) -> _Order | None:
    """What is to be done first and later, if the rule says so with one `before` or `after`."""
    places = [place for place, word in enumerate(found) if word.text in {"before", "after"}]
    if len(places) != 1:
        return None
    place = places[0]
    rest, object_ = _split(found, place)
    return _Order(rest, object_) if found[place].text == "before" else _Order(object_, rest)


def _split(found: Sequence[Word], place: int) -> tuple[frozenset[str], frozenset[str]]:
    """Stems outside of the phrase that the word at this place begins, and stems in it.

    The phrase reaches to the end of the clause; where it begins the rule and no comma ends it, it is one word.
    """
    clause = found[place].clause
    after = [word for word in found[place + 1 :] if word.clause == clause and word.content]
    leads = not any(word.content for word in found[:place])
    if leads and not any(word.content and word.clause > clause for word in found):
        after = after[:1]
    within = set(map(id, after))
    outside = (word for word in found if word.content and id(word) not in within)
    return frozenset(word.stem for word in outside) - {found[place].stem}, frozenset(word.stem for word in after)


def _around(found: Sequence[Word], name: str) -> _Order | None:
    """Stems before and after the one `name` of the rule in its clause; None if it begins the rule or is not there."""
    places = [place for place, word in enumerate(found) if word.text == name]
    if len(places) != 1 or not any(word.content for word in found[: places[0]]):
        return None
    clause = found[places[0]].clause
    before = [word.stem for word in found[: places[0]] if word.content and word.clause == clause]
    after = [word.stem for word in found[places[0] + 1 :] if word.content and word.clause == clause]
    return _Order(frozenset(before), frozenset(after))


def _quoted(names: Iterable[str]) -> str:
    return " and ".join(f"`{name}`" for name in names) or "nothing"
