"""What merges and parts, and what a person's word means for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.events import Happening, RuleAdded, RuleEdited, RuleJudged, RuleMerged, RuleUnmerged
from memory.inbox import Wish, leave
from memory.known_rules import KnownRules
from memory.rule_origins import Source
from memory.rule_wishes import AddRule, AnyWish, EditRule, JudgeRule, MergeRules, UnmergeRule, grant, why_impossible
from memory.rules import RuleBook, RuleRecord, Standing
from memory.state import MemoryState
from memory.view_files import Fold
from memory.views.library import Rule
from tests.memory.builders import (
    AT,
    a_nominee,
    a_reflection,
    added,
    an_assignment,
    differences,
    events_of,
    open_memory,
    rule_added,
    unit,
)
from trainer.views import all_views
from utils.errors import InputError, MemoryDamaged

TEXTS = ("Use a heap.", "Heaps are useful.", "A heap, please.")


class Merging:
    """A state with three rules on heaps."""

    def __init__(self, *texts: str) -> None:
        self.told: list[Happening] = []
        self.state = MemoryState()
        for number, text in enumerate(texts or TEXTS):
            self.tell(rule_added(text, skills=(("lists", "sorting", "strings")[number % 3],)))

    @property
    def book(self) -> RuleBook:
        return self.state.learning.rules

    @property
    def records(self) -> list[RuleRecord]:
        return list(self.book)

    @property
    def ids(self) -> list[str]:
        return [record.id for record in self.book]

    def tell(self, word: Happening) -> None:
        self.told.append(word)
        self.state.apply(events_of(self.told)[-1])

    def merge(self, kept: int, other: int) -> "Merging":
        self.tell(RuleMerged(kept=self.ids[kept], other=self.ids[other], by="a test"))
        return self

    def unmerge(self, rule: int) -> "Merging":
        self.tell(RuleUnmerged(rule=self.ids[rule], by="a test"))
        return self

    def judge(self, rule: int, standing: Standing) -> "Merging":
        self.tell(RuleJudged(rule=self.ids[rule], standing=standing, by="a test"))
        return self

    def nominated(self, *skills: str) -> list[int]:
        places: list[int] = self.book.in_scope(skills, ()).tolist()
        return places

    def why(self, wish: AnyWish) -> str:
        return why_impossible(self.book, wish)


def test_proposals_of_the_other_s_texts_join_the_kept_rule_and_widen_it() -> None:
    merging = Merging().merge(0, 1)
    kept, other, _ = merging.records
    assert (kept.skills, other.merged_into, kept.absorbed) == ({"lists", "sorting"}, kept.id, {other.id})
    merging.tell(RuleAdded(text="heaps are USEFUL", skills=("dates",), by="a review", source="review", file="r.txt"))
    assert (kept.proposals, kept.skills, other.proposals) == (2, {"lists", "sorting", "dates"}, 1)
    assert kept.sources[-1] == Source(kind="review", by="a review", file="r.txt")
    assert len(merging.book) == 3


def test_what_was_merged_is_never_nominated_and_the_kept_rule_is_in_both_scopes() -> None:
    merging = Merging().merge(0, 1)
    assert (merging.nominated("lists"), merging.nominated("sorting"), merging.nominated("strings")) == ([0], [0], [2])
    merging.unmerge(1)
    assert (merging.nominated("lists"), merging.nominated("sorting")) == ([0], [0, 1])


def test_chains_of_merges_lead_to_the_last_and_part_where_they_were_joined() -> None:
    merging = Merging().merge(1, 2).merge(0, 1)
    first, second, third = merging.records
    assert [merging.book.named(text) for text in TEXTS] == [first, first, first]
    merging.unmerge(1)
    assert [merging.book.named(text) for text in TEXTS] == [first, second, second]
    merging.unmerge(2)
    assert [merging.book.named(text) for text in TEXTS] == [first, second, third]
    assert first.absorbed == second.absorbed == set()


def test_a_merge_counts_as_a_change_in_the_skills_of_both() -> None:
    merging = Merging()
    before = dict(merging.book.changes)
    merging.merge(0, 1)
    assert {skill: merging.book.changes[skill] - before[skill] for skill in before} == {
        "lists": 1, "sorting": 2, "strings": 0,
    }  # fmt: skip


def test_counts_and_beliefs_stay_with_the_rule_that_was_tried(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        memory.append([added(), rule_added(TEXTS[0]), rule_added(TEXTS[1])])
        kept, other = memory.state.learning.rules
        unit(memory, 1, assignment=an_assignment(a_nominee(other.id)))
        memory.append([RuleMerged(kept=kept.id, other=other.id, by="a test")])
        unit(memory, 2, "add", "failed", reflection=a_reflection(TEXTS[1]))
        assert (kept.shown, kept.nominated, other.shown, other.nominated) == (0, 0, 1, 1)
        assert memory.state.learning.model.effect(kept.key, skills=()).mean == 0
        assert memory.state.learning.model.effect(other.key, skills=()).mean > 0
        assert (kept.proposals, other.proposals) == (2, 1)
        assert [str(source) for source in kept.sources] == ["person a test", "reflection abcdef12-000002"]
    assert differences(tmp_path).none
    states = {rule.text: rule.state for rule in KnownRules.read(tmp_path)}
    assert states == {TEXTS[0]: "proposed", TEXTS[1]: "merged"}


def test_a_ban_of_both_outlives_their_parting() -> None:
    merging = Merging().judge(0, "banned").judge(1, "banned").merge(0, 1)
    assert [record.id for record in merging.book.banned()] == merging.ids[:2]
    merging.unmerge(1)
    assert [record.standing for record in merging.records[:2]] == ["banned", "banned"]
    assert merging.nominated("lists", "sorting") == []


def test_a_ban_of_the_kept_rule_holds_for_the_texts_merged_into_it_and_freeing_it_frees_them() -> None:
    merging = Merging().merge(0, 1).judge(0, "banned")
    assert {text for record in merging.book.banned() for text in record.texts} == set(TEXTS[:2])
    merging.judge(0, "free")
    assert list(merging.book.banned()) == []
    assert merging.unmerge(1).records[1].standing == "free"


def test_a_pin_stays_with_the_kept_rule_alone() -> None:
    merging = Merging().judge(0, "pinned").judge(1, "pinned").merge(0, 1).unmerge(1)
    assert [record.standing for record in merging.records[:2]] == ["pinned", "free"]


CONFLICTS: dict[str, tuple[Callable[[Merging], object], str]] = {
    "itself": (lambda m: m.why(MergeRules(kept=m.ids[0], other=m.ids[0])), "{0} cannot be merged into itself"),
    "an unknown kept rule": (
        lambda m: m.why(MergeRules(kept="rule-ffffffffffff", other=m.ids[0])),
        "there is no rule rule-ffffffffffff",
    ),
    "an unknown other rule": (
        lambda m: m.why(MergeRules(kept=m.ids[0], other="rule-ffffffffffff")),
        "there is no rule rule-ffffffffffff",
    ),
    "merged before": (
        lambda m: m.merge(0, 1).why(MergeRules(kept=m.ids[2], other=m.ids[1])),
        "{1} was merged into {0} before",
    ),
    "into one that was merged": (
        lambda m: m.merge(0, 1).why(MergeRules(kept=m.ids[1], other=m.ids[2])),
        "{1} was merged into {0} before",
    ),
    "in a circle": (
        lambda m: m.merge(0, 1).why(MergeRules(kept=m.ids[1], other=m.ids[0])),
        "{1} was merged into {0} before",
    ),
    "a banned one into a free one": (
        lambda m: m.judge(1, "banned").why(MergeRules(kept=m.ids[0], other=m.ids[1])),
        "{1} is banned and {0} is not; ban both, or free {1}, before they are merged",
    ),
    "a free one into a banned one": (
        lambda m: m.judge(0, "banned").why(MergeRules(kept=m.ids[0], other=m.ids[1])),
        "{0} is banned and {1} is not; ban both, or free {0}, before they are merged",
    ),
    "a pinned one into a free one": (
        lambda m: m.judge(1, "pinned").why(MergeRules(kept=m.ids[0], other=m.ids[1])),
        "{1} is pinned and {0} is not; pin both, or free {1}, before they are merged",
    ),
    "a pinned one into a banned one": (
        lambda m: m.judge(1, "pinned").judge(0, "banned").why(MergeRules(kept=m.ids[0], other=m.ids[1])),
        "{0} is banned and {1} is not; ban both, or free {0}, before they are merged",
    ),
    "parting what was not merged": (lambda m: m.why(UnmergeRule(rule=m.ids[0])), "{0} was not merged into another"),
    "parting nobody": (lambda m: m.why(UnmergeRule(rule="rule-ffffffffffff")), "there is no rule rule-ffffffffffff"),
    "a word on what was merged": (
        lambda m: m.merge(0, 1).why(JudgeRule(rule=m.ids[1], standing="banned")),
        "{1} was merged into {0}; name that one, or unmerge it",
    ),
    "an edit of what was merged": (
        lambda m: m.merge(0, 1).why(EditRule(rule=m.ids[1], text="Use two heaps.")),
        "{1} was merged into {0}; name that one, or unmerge it",
    ),
    "an edit to a text that was merged": (
        lambda m: m.merge(0, 1).why(EditRule(rule=m.ids[0], text=TEXTS[1])),
        "{1} has this text and was merged into {0}; unmerge it, then keep that one",
    ),
    "an edit to the opposite": (
        lambda m: m.why(EditRule(rule=m.ids[0], text="Never use a heap.")),
        "{0} would contradict its version 1 (nothing against `never`); add the text as a rule of its own and ban {0}",
    ),
    "an edit that contradicts what was merged": (
        lambda m: m.merge(0, 1).why(EditRule(rule=m.ids[0], text="Heaps are never useful.")),
        "it contradicts {1}, which was merged into {0}: `never` against nothing",
    ),
}


@pytest.mark.parametrize(("ask", "words"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_what_cannot_be_merged_or_changed_is_refused_in_words(ask: Callable[[Merging], object], words: str) -> None:
    merging = Merging()
    assert ask(merging) == words.format(*merging.ids)


def test_an_edit_that_says_more_is_none_to_the_opposite() -> None:
    merging = Merging()
    assert merging.why(EditRule(rule=merging.ids[0], text="Use a heap, never a list.")) == ""


def test_a_free_rule_may_be_merged_into_a_pinned_one() -> None:
    assert Merging().judge(0, "pinned").merge(0, 1).records[0].standing == "pinned"


NEGATIONS = (
    ("Sort the argument.", "Never sort the argument."),
    ("Use a set, not a list.", "Use a list, not a set."),
    ("Check before dividing.", "Check after dividing."),
    ("Put the common case first.", "Put the common case last."),
)


@pytest.mark.parametrize(("one", "other"), NEGATIONS)
def test_a_rule_and_its_negation_cannot_be_merged(one: str, other: str) -> None:
    merging = Merging(one, other)
    for kept, merged in ((0, 1), (1, 0)):
        why = merging.why(MergeRules(kept=merging.ids[kept], other=merging.ids[merged]))
        assert why.startswith(f"{merging.ids[kept]} and {merging.ids[merged]} contradict each other (")
        assert why.endswith("); such rules are never merged")


def test_nor_can_rules_whose_older_or_merged_texts_contradict_each_other() -> None:
    merging = Merging("Sort the argument.", "Sort an argument.", "Never sort arguments.").merge(0, 1)
    merging.tell(RuleEdited(rule=merging.ids[2], text="Sort arguments.", by="a test"))
    assert "contradict each other" in merging.why(MergeRules(kept=merging.ids[0], other=merging.ids[2]))
    assert "contradict each other" in merging.why(MergeRules(kept=merging.ids[2], other=merging.ids[0]))


def test_the_fold_refuses_what_does_not_fit_and_takes_every_merge_that_was_written() -> None:
    merging = Merging("Sort the argument.", "Never sort the argument.")
    with pytest.raises(MemoryDamaged, match=r"^event 3 does not fit the events before it: .* merged into itself$"):
        merging.merge(0, 0)
    merging.told.pop()
    assert merging.merge(0, 1).records[1].merged_into  # judged by words when it was wanted, not when it is read


BASES = (
    "Sort the argument.",
    "Check the length before indexing.",
    "Use a set, not a list.",
    "Copy nested lists deeply.",
)
OPPOSED = (
    *((base, f"Never {base}") for base in BASES),
    *((base, f"Do not {base}") for base in BASES),
    ("Check the length before indexing.", "Check the length after indexing."),
    ("Use a set, not a list.", "Use a list, not a set."),
    ("Copy nested lists deeply.", "Make shallow copies of nested lists."),
)
EVERY = (*dict.fromkeys(text for pair in OPPOSED for text in pair), "Sort an argument.", "Sort arguments!")

told = st.lists(
    st.tuples(st.just("add"), st.sampled_from(EVERY), st.none())
    | st.tuples(st.sampled_from(("merge", "merge", "merge")), st.integers(0, 9), st.integers(0, 9))
    | st.tuples(st.just("edit"), st.integers(0, 9), st.sampled_from(EVERY))
    | st.tuples(st.just("unmerge"), st.integers(0, 9), st.none())
    | st.tuples(st.sampled_from(("free", "pinned", "banned")), st.integers(0, 9), st.none()),
    max_size=40,
)


def wish_of(book: RuleBook, kind: str, one: Any, other: Any) -> AnyWish | None:
    if kind == "add":
        return AddRule(text=one)
    if not len(book):
        return None
    rule = book.at(one % len(book)).id
    if kind == "merge":
        return MergeRules(kept=rule, other=book.at(other % len(book)).id)
    if kind == "edit":
        return EditRule(rule=rule, text=other)
    return UnmergeRule(rule=rule) if kind == "unmerge" else JudgeRule(rule=rule, standing=kind)


@settings(max_examples=300, deadline=None)
@given(told)
def test_a_rule_and_its_negation_never_join_whatever_happens(wanted: list[tuple[str, Any, Any]]) -> None:
    book = RuleBook()
    for each in wanted:
        wish = wish_of(book, *each)
        if wish is not None and not why_impossible(book, wish):
            grant(book, wish, by="a test", at=AT)
    for one, other in OPPOSED:
        if book.named(one) and book.named(other):
            assert book.named(one) is not book.named(other)
    banned = {record.id for record in book.banned()}
    for record in book:
        assert (record.id in banned) == (book.root(record).standing == "banned")
        assert book.root(record).merged_into == ""
        assert record in book.family(book.root(record))


def want(folder: Path, *rules: AnyWish, at: str = AT) -> None:
    leave(folder, Wish(by="somebody", rules=rules), at=at)


def documents(folder: Path) -> dict[str, Rule]:
    return {rule.text: rule for rule in KnownRules.read(folder)}


def test_readers_foresee_merges_that_wait_and_know_those_that_were_taken(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        want(tmp_path, *(AddRule(text=text, skills=("lists",)) for text in TEXTS))
        ids = {text: rule.id for text, rule in documents(tmp_path).items()}
        want(tmp_path, MergeRules(kept=ids[TEXTS[1]], other=ids[TEXTS[2]]), at="2026-02-01T00:00:00.000Z")
        want(tmp_path, MergeRules(kept=ids[TEXTS[0]], other=ids[TEXTS[1]]), at="2026-02-02T00:00:00.000Z")
        foreseen = documents(tmp_path)
        assert [foreseen[text].merged_into for text in TEXTS] == ["", ids[TEXTS[0]], ids[TEXTS[1]]]
        assert (foreseen[TEXTS[0]].absorbed, foreseen[TEXTS[1]].state) == ((ids[TEXTS[1]],), "merged")
        memory.take_wishes(all_views)
        taken = documents(tmp_path)
        assert {text: rule.model_copy(update={"first_at": ""}) for text, rule in taken.items()} == {
            text: rule.model_copy(update={"first_at": ""}) for text, rule in foreseen.items()
        }
        want(tmp_path, UnmergeRule(rule=ids[TEXTS[1]]))
        assert documents(tmp_path)[TEXTS[1]].state == "proposed"
        memory.take_wishes(all_views)
    assert differences(tmp_path).none
    assert documents(tmp_path)[TEXTS[0]].absorbed == ()


def test_documents_that_were_merged_in_a_circle_are_refused(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        memory.append([rule_added(TEXTS[0]), rule_added(TEXTS[1])])
        one, other = (record.id for record in memory.state.learning.rules)
    for rule, into in ((one, other), (other, one)):
        path = tmp_path / "rules" / f"{rule}.json"
        path.write_text(path.read_text("utf-8").replace('"merged_into": ""', f'"merged_into": "{into}"'), "utf-8")
    with pytest.raises(InputError, match="was merged into no rule of this memory; mend it with"):
        KnownRules.read(tmp_path)


def test_a_log_from_before_there_were_sources_opens() -> None:
    old = {"kind": "rule_added", "text": "Use a heap.", "skills": [], "error_classes": [], "by": "utils/cli.py"}
    word = RuleAdded.model_validate(old)
    fold = Fold(all_views())
    for event in events_of([word]):
        fold.apply(event)
    [document] = [each.body for each in fold.changed() if each.path.startswith("rules/")]
    assert isinstance(document, Rule)
    assert (document.source, document.sources) == ("person", (Source(kind="person", by="utils/cli.py"),))
