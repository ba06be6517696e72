"""Which texts of many are similar: the cosine between their sets of stems, found through an inverted index.

    similarity(a, b) = |stems of both| / sqrt(|stems of a| |stems of b|)        (Ochiai 1957)

Stems of opposites (`first`, `last`) count as one, and words that turn the meaning round as none: a rule and its
negation are as similar as two texts can be, and it takes `rule_oppositions` to tell them apart. The similarity of two
texts does not depend on what other texts there are. Not covered: the same advice in other words,
and languages whose words are not parted by spaces.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.rule_words import SIDES, words

SIMILAR_FROM = 0.6
"""Chosen on one half of 132 labelled pairs and measured on the other and on later ones, see docs/experiments.md."""
_PAIRS_HELD = 100_000


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two places in the sequence of texts, and how similar the texts there are, above 0 to 1."""

    one: int
    other: int
    similarity: float


def topics(text: str) -> frozenset[str]:
    """What a rule is about, whatever it says of it: its stems, opposites as one."""
    stems = (word.stem for word in words(text) if word.content)
    return frozenset(f"opposites {SIDES[stem][0]}" if stem in SIDES else stem for stem in stems)


class Likeness:
    """Many texts, and what is similar among them."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index the texts; time and memory in proportion to their words."""
        numbers: dict[str, int] = {}
        self._topics = [[numbers.setdefault(topic, len(numbers)) for topic in sorted(topics(text))] for text in texts]
        holders: list[list[int]] = [[] for _ in numbers]
        for place, found in enumerate(self._topics):
            for topic in found:
                holders[topic].append(place)
        self._holders = [np.array(each, dtype=np.intp) for each in holders]
        self._sizes = np.array([max(1, len(each)) for each in self._topics], dtype=np.float64)

    def to(self, place: int, limit: int) -> list[Pair]:
        """The texts that are similar to the one at this place, the most similar first, at most `limit`."""
        similarity = self._similarities(place)
        similarity[place] = 0.0
        found = np.flatnonzero(similarity >= SIMILAR_FROM)
        order = np.argsort(-similarity[found], kind="stable")[:limit]
        return [Pair(place, int(other), float(similarity[other])) for other in found[order]]

    def pairs(self, limit: int) -> list[Pair]:
        """Any two texts that are similar, the most similar first, at most `limit`; each two once, the first first.

        Memory is bounded: of very many similar pairs only the best are held.
        """
        best = np.zeros((3, 0))
        held: list[NDArray[np.float64]] = []
        size = 0
        for rows in self._rows():
            held.append(rows)
            size += rows.shape[1]
            if size > max(_PAIRS_HELD, 2 * limit):
                best = _best([best, *held], limit)
                held, size = [], best.shape[1]
        return [Pair(int(one), int(other), float(each)) for one, other, each in _best([best, *held], limit).T]

    def _rows(self) -> Iterator[NDArray[np.float64]]:
        """For each text the similar ones behind it: rows of places, other places and similarities, shape (3, pairs)."""
        for place in range(len(self._topics)):
            similarity = self._similarities(place)[place + 1 :]
            found = np.flatnonzero(similarity >= SIMILAR_FROM)
            if len(found):
                yield np.stack([np.full(len(found), place), found + place + 1, similarity[found]])

    def _similarities(self, place: int) -> NDArray[np.float64]:
        """Of the text at this place to every text, 0..1, shape (texts,)."""
        holders = [self._holders[topic] for topic in self._topics[place]]
        if not holders:
            return np.zeros(len(self._sizes))
        shared: NDArray[np.intp] = np.bincount(np.concatenate(holders), minlength=len(self._sizes))
        return np.asarray(shared / np.sqrt(self._sizes * self._sizes[place]), dtype=np.float64)


def _best(rows: Sequence[NDArray[np.float64]], limit: int) -> NDArray[np.float64]:
    """The columns of the highest similarity, the earliest first among equals; shape (3, at most limit)."""
    found = np.concatenate(rows, axis=1)
    return found[:, np.argsort(-found[2], kind="stable")[:limit]]
