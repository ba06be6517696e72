"""The book of rules against a naive one, and what joins and what does not."""

import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from memory.rule_origins import Source
from memory.rules import ERROR_CLASSES_KEPT, RuleBook, RuleText, Standing, is_set_aside

PERSON, UNIT = Source(kind="person", by="a test"), Source(kind="reflection", by="a unit")
AT = "2026-01-31T00:00:00.000Z"
SKILLS = ("lists", "sorting", "strings")
ERRORS = ("KeyError", "TypeError", "wrong answer")
TEXTS = ("Use a heap.", "use  A HEAP", "Do not use a heap.", "Sort first", "sort first!", "Count from 0.")
STANDINGS: tuple[Standing, ...] = ("free", "pinned", "banned")

scopes = st.lists(st.sampled_from(SKILLS), max_size=2, unique=True)
errors = st.lists(st.sampled_from(ERRORS), max_size=2, unique=True)


def book_of(*texts: str) -> RuleBook:
    book = RuleBook()
    for text in texts:
        book.propose(text, source=PERSON, at=AT)
    return book


@dataclass
class Naive:
    """One rule, kept by the simplest means."""

    texts: list[str]
    skills: set[str]
    error_classes: set[str]
    standing: Standing = "free"
    seen: int = 0
    words: set[str] = field(default_factory=set)

    def applies(self, skills: list[str], seen: list[str]) -> bool:
        where = not self.skills or bool(self.skills & set(skills))
        when = not self.error_classes or bool(self.error_classes & set(seen))
        return where and when and self.standing != "banned"


def plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!;: ")


class Both:
    """A book and its naive twin, told the same."""

    def __init__(self) -> None:
        self.book, self.naive = RuleBook(), list[Naive]()

    def propose(self, text: str, skills: list[str], error_classes: list[str]) -> None:
        self.book.propose(text, source=PERSON, at=AT, skills=skills, error_classes=error_classes)
        twin = next((each for each in self.naive if plain(text) in map(plain, each.texts)), None)
        if twin is None:
            self.naive.append(Naive([text], set(skills), set(error_classes)))
            return
        twin.skills = twin.skills | set(skills) if twin.skills and skills else set()
        twin.error_classes = twin.error_classes | set(error_classes) if twin.error_classes and error_classes else set()

    def edit(self, place: int, text: str) -> None:
        self.book.edit(self.book.at(place).id, text, by="a test")
        self.naive[place].texts.append(text)
        self.naive[place].seen = 0

    def judge(self, place: int, standing: Standing) -> None:
        self.book.judge(self.book.at(place).id, standing)
        self.naive[place].standing = standing

    def see(self, place: int) -> None:
        record = self.book.at(place)
        self.book.note_shown(record.id, record.version, passed=True)
        self.naive[place].seen += 1


@st.composite
def told(draw: st.DrawFn) -> Both:
    both = Both()
    for kind in draw(st.lists(st.sampled_from("pppejjs"), max_size=25)):
        if kind == "p" or not both.naive:
            both.propose(draw(st.sampled_from(TEXTS)), draw(scopes), draw(errors))
            continue
        place = draw(st.integers(0, len(both.naive) - 1))
        own = f"{plain(both.naive[place].texts[0])}, version {len(both.naive[place].texts) + 1}"
        actions: dict[str, Callable[[], None]] = {
            "e": lambda place=place, own=own: both.edit(place, own),  # type: ignore[misc]
            "j": lambda place=place: both.judge(place, draw(st.sampled_from(STANDINGS))),  # type: ignore[misc]
            "s": lambda place=place: both.see(place),  # type: ignore[misc]
        }
        actions[kind]()
    return both


@settings(max_examples=300, deadline=None)
@given(told(), st.lists(st.sampled_from((*SKILLS, "unknown")), min_size=1, max_size=3, unique=True), errors)
def test_the_scope_is_that_of_a_naive_filter(both: Both, skills: list[str], seen: list[str]) -> None:
    places = both.book.in_scope(skills, seen)
    assert places.tolist() == [at for at, each in enumerate(both.naive) if each.applies(skills, seen)]
    assert both.book.pinned(places).tolist() == [both.naive[at].standing == "pinned" for at in places]
    assert both.book.shows(places).tolist() == [both.naive[at].seen for at in places]
    assert [record.texts for record in both.book] == [each.texts for each in both.naive]


def spellings(text: str) -> st.SearchStrategy[str]:
    """Other ways of writing the same text."""
    spaces = st.sampled_from((" ", "  ", "\t", "\u00a0", " \u2003"))
    cases = st.sampled_from((str.upper, str.lower, str.title, str.swapcase))
    forms = st.sampled_from(("NFC", "NFD", "NFKC", "NFKD"))
    ends = st.text(alphabet=".!;: ", max_size=4)
    return st.builds(
        lambda space, case, form, end: unicodedata.normalize(form, case(text)).replace(" ", space) + end,
        spaces, cases, forms, ends,
    )  # fmt: skip


@given(
    st.data(), st.sampled_from(("Use a heap", "prüfe die leere Liste", "ﬁrst, check x² = 4", "Überläufe: zähle sie"))
)
def test_case_spaces_closing_punctuation_and_unicode_forms_make_no_new_rule(data: st.DataObject, text: str) -> None:
    book = book_of(text, data.draw(spellings(text)), data.draw(spellings(text)))
    assert [(record.text, record.proposals) for record in book] == [(text, 3)]


NEGATIONS = (
    ("Sort the list first.", "Do not sort the list first."),
    ("Always check for None.", "Never check for None."),
    ("Use recursion.", "Avoid recursion."),
    ("Return x < 0.", "Return x > 0."),
    ("Use a set, not a list.", "Use a list, not a set."),
    ("Is it empty?", "Is it empty"),
    ("Return -1.", "Return 1."),
    ("Don't copy.", "Do copy."),
)


@pytest.mark.parametrize(("one", "other"), NEGATIONS)
def test_a_rule_and_its_negation_are_two(one: str, other: str) -> None:
    book = book_of(one, other)
    assert len({record.id for record in book}) == 2


@given(st.text(min_size=1), st.sampled_from(("not ", "never ", "no ", "n't ", "-", "¬", "!")), st.data())
def test_a_negation_put_anywhere_before_the_end_never_joins(text: str, negation: str, data: st.DataObject) -> None:
    text = f"{text}x"
    at = data.draw(st.integers(0, len(text) - 1))
    assert len(book_of(text, text[:at] + negation + text[at:])) == 2


def test_a_scope_only_widens_and_nothing_given_stands_for_everywhere() -> None:
    book = RuleBook()
    for skills, seen in ((("lists",), ("KeyError",)), (("sorting",), ("TypeError",)), ((), ("KeyError",))):
        record = book.propose("Use a heap.", source=PERSON, at=AT, skills=skills, error_classes=seen)
    assert (record.skills, record.error_classes) == (set(), {"KeyError", "TypeError"})
    book.propose("Use a heap.", source=PERSON, at=AT, skills=("lists",), error_classes=("KeyError",))
    assert (record.skills, record.error_classes) == (set(), {"KeyError", "TypeError"})


def test_a_rule_that_was_proposed_after_ever_new_errors_is_about_none_of_them() -> None:
    book = RuleBook()
    for number in range(ERROR_CLASSES_KEPT):
        record = book.propose("Use a heap.", source=PERSON, at=AT, error_classes=(f"Error{number}",))
    assert len(record.error_classes) == ERROR_CLASSES_KEPT
    book.propose("Use a heap.", source=PERSON, at=AT, error_classes=("OneMore",))
    assert record.error_classes == set()
    assert book.in_scope(("lists",), ()).tolist() == [0]


def test_an_edit_starts_the_counts_anew_and_keeps_the_old_texts_known() -> None:
    book = book_of("Use a heap.")
    [record] = book
    book.note_nominee(record.id, 1, control=False, dropped=True)
    book.note_nominee(record.id, 1, control=True, dropped=True)
    book.note_shown(record.id, 1, passed=True)
    assert (record.nominated, record.held_out, record.dropped, record.shown, record.passed_shown) == (2, 1, 1, 1, 1)
    book.edit(record.id, "Use a heap, never a list.", by="somebody")
    assert (record.nominated, record.held_out, record.dropped, record.shown, record.passed_shown) == (0, 0, 0, 0, 0)
    assert (record.version, record.key, book.shows(np.array([0])).tolist()) == (2, f"{record.id}@2", [0])
    assert book.propose("use a heap", source=UNIT, at=AT) is record
    assert book.propose("Use a heap, never a list", source=UNIT, at=AT) is record
    assert (len(book), record.proposals, record.text) == (1, 3, "Use a heap, never a list.")


def test_what_becomes_of_an_older_version_counts_for_nobody() -> None:
    book = book_of("Use a heap.")
    [record] = book
    book.edit(record.id, "Use two heaps.", by="somebody")
    book.note_nominee(record.id, 1, control=False, dropped=False)
    book.note_shown(record.id, 1, passed=True)
    assert (record.nominated, record.shown, book.shows(np.array([0])).tolist()) == (0, 0, [0])


def test_a_ban_survives_the_rule_being_proposed_again() -> None:
    book = book_of("Use a heap.")
    book.judge(book.at(0).id, "banned")
    record = book.propose("use a heap", source=UNIT, at=AT, skills=("lists",))
    assert (record.standing, record.proposals) == ("banned", 2)
    assert book.in_scope(("lists",), ()).tolist() == []
    book.judge(record.id, "free")
    assert book.in_scope(("lists",), ()).tolist() == [0]


def test_what_is_shown_in_a_skill_counts_its_changes_a_proposal_from_its_first_nomination() -> None:
    book = RuleBook()
    record = book.propose("Use a heap.", source=PERSON, at=AT, skills=("lists", "sorting"))
    book.propose("Use a heap.", source=PERSON, at=AT, skills=("lists",))
    book.judge(record.id, "free")
    assert book.changes == {}
    for _ in range(2):
        book.note_nominee(record.id, 1, control=False, dropped=False)
    assert book.changes == {"lists": 1, "sorting": 1}
    book.judge(record.id, "banned")
    book.edit(record.id, "Use two heaps.", by="a test")
    assert book.changes == {"lists": 3, "sorting": 3}


def test_a_proposal_that_says_nothing_of_errors_leaves_them_as_they_are() -> None:
    book = RuleBook()
    record = book.propose("Use a heap.", source=PERSON, at=AT, error_classes=("KeyError",))
    book.propose("Use a heap.", source=PERSON, at=AT, error_classes=None)
    assert record.error_classes == {"KeyError"}
    assert book.propose("Sort it.", source=PERSON, at=AT, error_classes=None).error_classes == set()


def test_the_arrays_stay_right_while_they_grow() -> None:
    book = RuleBook()
    for number in range(1000):
        book.propose(f"Rule {number}.", source=PERSON, at=AT, skills=(f"skill-{number % 7}",))
        book.note_shown(book.at(number // 2).id, 1, passed=False)
        book.judge(book.at(number).id, STANDINGS[number % 3])
    everything = np.arange(1000)
    assert book.shows(everything).tolist() == [2] * 500 + [0] * 500
    assert book.pinned(everything).tolist() == [number % 3 == 1 for number in range(1000)]
    assert book.in_scope(["skill-3"], ()).tolist() == [each for each in range(3, 1000, 7) if each % 3 != 2]


def test_the_random_order_depends_on_the_rules_alone() -> None:
    texts = [f"Rule {number}." for number in range(500)]
    one, other = book_of(*texts), book_of(*reversed(texts))
    ranks = dict(zip((each.id for each in one), one.ranks(np.arange(500)).tolist(), strict=True))
    assert ranks == dict(zip((each.id for each in other), other.ranks(np.arange(500)).tolist(), strict=True))
    assert len(set(ranks.values())) == 500
    assert 200 < sum(rank >= 2**63 for rank in ranks.values()) < 300


def test_an_empty_book_has_nothing_in_scope() -> None:
    assert RuleBook().in_scope(("lists",), ("KeyError",)).tolist() == []


def test_a_thousand_kinds_of_errors_cost_memory_in_proportion_to_the_rules() -> None:
    book = RuleBook()
    for number in range(2000):
        book.propose(f"Rule {number}.", source=PERSON, at=AT, error_classes=(f"Error{number}",))
    lists = book._scopes._after_error.values()
    assert sum(sys.getsizeof(each._values.base) + each._values.nbytes for each in lists) < 2000 * 400


LEAVES = {(7, -9.0, 0.1): False, (8, -0.2, 0.25): True, (8, -0.1, 0.25): False, (8, -0.125, 0.25): False}


@pytest.mark.parametrize("belief", LEAVES)
def test_a_rule_is_set_aside_once_it_was_tried_and_seems_to_harm(belief: tuple[int, float, float]) -> None:
    shows, mean, sd = belief
    assert is_set_aside(shows, mean, sd) is LEAVES[belief]
    assert is_set_aside(np.array([shows]), np.array([mean]), np.array([sd])).tolist() == [LEAVES[belief]]


@pytest.mark.parametrize(
    "text", ["", "  ", "...", "!;:", "a\nb", "a\rb", "a\u2028b", "a\x1b[2Jb", "\u202etxet", "x" * 501]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RuleText).validate_python(text)


def test_a_rule_s_text_loses_the_spaces_around_it() -> None:
    assert TypeAdapter(RuleText).validate_python("  Use `a  b`.\n") == "Use `a  b`."
