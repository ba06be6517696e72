"""Which rules contradict each other, by their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.rule_oppositions import opposition
from utils.rehearsal.lessons import all_rules
from utils.rehearsal.worlds import RULE_TEXTS

TEXTS = sorted({*RULE_TEXTS, *all_rules()})
NEGATORS = ("not", "never", "no", "don't", "don’t", "cannot", "without", "avoid", "isn't")

REASONS = (
    ("Sort the argument.", "Never sort the argument.", "nothing against `never`"),
    ("Use a set, not a list.", "Use a list, not a set.", "only one of them negates `list` and `set`"),
    ("Put the common case first.", "Put the common case last.", "`first` against `last`"),
    ("Print the keys sorted.", "Print the keys unsorted.", "only one of them takes `sort` back"),
    ("Count from 0.", "Count from one.", "`0` against `1`"),
    ("Return -1.", "Return 1.", "`-1` against `1`"),
    ("Check x < 0.", "Check x > 0.", "`0` and `<` against `0` and `>`"),
    ("Sort before searching.", "Sort after searching.", "what comes first in one comes later in the other"),
    ("Sort before searching.", "Search before sorting.", "what comes first in one comes later in the other"),
    ("Before dividing, check.", "Before checking, divide.", "what comes first in one comes later in the other"),
    ("Convert bytes to text.", "Convert text to bytes.", "`to` with its sides exchanged"),
    ("Prefer tuples over lists.", "Prefer lists over tuples.", "`over` with its sides exchanged"),
)


@pytest.mark.parametrize(("one", "other", "why"), REASONS)
def test_a_contradiction_is_named(one: str, other: str, why: str) -> None:
    assert opposition(one, other) == why
    assert opposition(other, one)


SAME = (
    ("Sort before searching.", "Search after sorting."),
    ("Check for zero before dividing.", "Before dividing, check for zero."),
    ("Copy a list before changing it.", "Before changing a list, make a copy of it."),
    ("Convert bytes to text at the border.", "At the border, convert bytes to text."),
    ("Never sort the argument.", "Don't sort the argument!"),
    ("Build strings with join instead of addition.", "Instead of addition, build strings with join."),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_other_words_for_the_same_are_none(one: str, other: str) -> None:
    assert (opposition(one, other), opposition(other, one)) == ("", "")


@given(st.sampled_from(TEXTS), st.sampled_from(NEGATORS), st.data())
def test_one_more_negator_anywhere_contradicts(text: str, negator: str, data: st.DataObject) -> None:
    words = text.split()
    at = data.draw(st.integers(0, len(words) - 1))
    assert opposition(text, " ".join((*words[:at], negator, *words[at:])))


@given(st.sampled_from(TEXTS), st.sampled_from(("not ", "Never ", "don't ", "avoid ")))
def test_a_text_of_any_words_contradicts_its_negation(text: str, negator: str) -> None:
    assert opposition(text, negator + text)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_are_judged_alike_from_both_sides(one: str, other: str) -> None:
    assert bool(opposition(one, other)) == bool(opposition(other, one))


@given(st.text(max_size=80))
def test_no_text_contradicts_itself(text: str) -> None:
    assert opposition(text, text) == ""


@given(st.sampled_from(TEXTS))
def test_no_known_rule_contradicts_itself_in_capitals(text: str) -> None:
    assert opposition(text, text.upper() + "!") == ""
