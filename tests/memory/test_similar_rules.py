"""Which rules are similar: measured on labelled pairs, and held against a naive comparison."""

import random
import time
import tomllib
import tracemalloc
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.rule_oppositions import opposition
from memory.similar_rules import SIMILAR_FROM, Likeness, topics
from utils.rehearsal.lessons import all_rules
from utils.rehearsal.worlds import RULE_TEXTS

LABELLED = tomllib.loads((Path(__file__).parent / "fixtures" / "rule_pairs.toml").read_text("utf-8"))
TEXTS = sorted({*RULE_TEXTS, *all_rules()})
Pairs = dict[str, list[list[str]]]


def similarity(one: str, other: str) -> float:
    mine, theirs = topics(one), topics(other)
    return len(mine & theirs) / sqrt(len(mine) * len(theirs)) if mine and theirs else 0.0


def proposed(one: str, other: str) -> bool:
    return bool(Likeness([one, other]).pairs(1)) and not opposition(one, other)


def shares(pairs: Pairs) -> tuple[float, float]:
    """Precision and recall of what is proposed for merging."""
    right, wrong = (
        sum(proposed(*pair) for kind in kinds for pair in pairs[kind])
        for kinds in (("same",), ("different", "negation"))
    )
    return right / (right + wrong), right / len(pairs["same"])


def half(number: int) -> Pairs:
    return {kind: pairs[number::2] for kind, pairs in LABELLED["pairs"].items()}


MEASURED = {
    "the half on which the threshold was chosen": (half(0), 1.0, 0.71),
    "the other half": (half(1), 0.92, 0.82),
    "pairs written afterwards": (LABELLED["unseen"], 0.73, 0.91),
}


@pytest.mark.parametrize(("pairs", "precision", "recall"), MEASURED.values(), ids=MEASURED.keys())
def test_what_is_proposed_is_mostly_right_and_mostly_all(pairs: Pairs, precision: float, recall: float) -> None:
    found = shares(pairs)
    assert found[0] >= precision
    assert found[1] >= recall


def test_no_labelled_negation_is_proposed() -> None:
    assert [pair for pair in LABELLED["pairs"]["negation"] if proposed(*pair)] == []
    assert all(opposition(*pair) for pair in LABELLED["pairs"]["negation"])


def test_the_labels_are_enough_and_each_pair_stands_once() -> None:
    pairs = [tuple(pair) for pairs in LABELLED["pairs"].values() for pair in pairs]
    assert len(pairs) == len(set(pairs)) == 132


some = st.lists(st.sampled_from(TEXTS) | st.text(alphabet="ab ", max_size=8), max_size=12)


@settings(deadline=None)
@given(some, st.integers(1, 5))
def test_the_index_finds_what_a_naive_comparison_finds(texts: list[str], limit: int) -> None:
    naive = [
        (round(-similarity(texts[one], texts[other]), 9), one, other)
        for one in range(len(texts))
        for other in range(one + 1, len(texts))
        if similarity(texts[one], texts[other]) >= SIMILAR_FROM
    ]
    likeness = Likeness(texts)
    found = [(round(-pair.similarity, 9), pair.one, pair.other) for pair in likeness.pairs(limit)]
    assert found == sorted(naive)[:limit]
    for place in range(len(texts)):
        beside = {one + other - place for _, one, other in naive if place in (one, other)}
        assert {pair.other for pair in likeness.to(place, 100)} == beside


def test_a_negation_is_as_similar_as_can_be() -> None:
    assert [pair.similarity for pair in Likeness(["Sort the argument.", "Never sort the argument."]).pairs(1)] == [1.0]


def test_rules_without_words_of_their_own_are_like_nothing() -> None:
    assert Likeness(["It is.", "Not.", "So be it."]).pairs(9) == []


def made_up(count: int) -> list[str]:
    """Texts of the words of known rules, some of them nearly a known rule."""
    lots, words = random.Random(1), sorted({word for text in TEXTS for word in text.rstrip(".").split()})
    texts = []
    for _ in range(count):
        text = lots.choice(TEXTS).rstrip(".").split()
        for _ in range(lots.randint(1, 4)):
            text[lots.randrange(len(text))] = lots.choice(words)
        texts.append(" ".join(text))
    return texts


def test_ten_thousand_rules_are_compared_in_seconds_and_one_of_them_at_once() -> None:
    begun = time.process_time()
    likeness = Likeness(made_up(10_000))
    indexed = time.process_time()
    likeness.to(17, 20)
    one = time.process_time()
    assert len(likeness.pairs(20)) == 20
    assert indexed - begun < 2
    assert one - indexed < 0.1
    assert time.process_time() - one < 5


def test_of_very_many_similar_pairs_only_the_best_are_held() -> None:
    likeness = Likeness([f"Sort the list by key {number % 7}" for number in range(3000)])
    tracemalloc.start()
    found = likeness.pairs(2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(pair.one, pair.other, pair.similarity) for pair in found] == [(0, 7, 1.0), (0, 14, 1.0)]
    assert peak < 20 * 2**20  # all 4.5 million would take 108 MB
