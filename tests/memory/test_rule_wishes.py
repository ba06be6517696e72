"""What people want of the rules: taken in by the writer, and foreseen by readers."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from memory.digests import rule_id
from memory.events import RuleJudged
from memory.inbox import Wish, leave
from memory.known_rules import KnownRules, existing_rules
from memory.rule_wishes import (
    AddRule,
    AnyWish,
    EditRule,
    JudgeRule,
    MergeRules,
    UnmergeRule,
    batches,
    event_of,
    grant,
    why_impossible,
)
from memory.rules import RuleBook
from memory.state import MemoryState
from tests.memory.builders import (
    AT,
    a_nominee,
    added,
    an_assignment,
    differences,
    events_of,
    open_memory,
    rule_added,
    unit,
)
from tests.memory.builders import live_a_little as live
from trainer.views import all_views
from utils.errors import InputError

TEXTS = ("Use a heap.", "use a HEAP", "Sort first.", "Do not sort first.", "A heap is useful.")
HEAP = "rule-2d6e98a9734e"
IDS = tuple(sorted({rule_id(text) for text in TEXTS}))


def want(folder: Path, *rules: AnyWish, at: str = AT) -> None:
    leave(folder, Wish(by="somebody", rules=rules), at=at)


def ids(folder: Path) -> dict[str, str]:
    """text -> id of the rules that a reader knows."""
    return {rule.text: rule.id for rule in KnownRules.read(folder)}


class TestTheWriter:
    def test_adds_edits_and_judges_also_what_came_with_the_same_wish(self, tmp_path: Path) -> None:
        with open_memory(tmp_path) as memory:
            want(
                tmp_path,
                AddRule(text="Use a heap.", skills=("lists",)),
                JudgeRule(rule=HEAP, standing="pinned"),
                EditRule(rule=HEAP, text="Use two heaps."),
                AddRule(text="Sort first."),
            )
            assert memory.take_wishes(all_views) == 1
            first, second = memory.state.learning.rules
            assert (first.texts, first.standing, first.skills) == (
                ["Use a heap.", "Use two heaps."],
                "pinned",
                {"lists"},
            )
            assert (second.texts, second.by) == (["Sort first."], "somebody")
        assert differences(tmp_path).none

    def test_leaves_out_with_a_notice_what_cannot_be_done_and_does_the_rest(self, tmp_path: Path) -> None:
        with open_memory(tmp_path) as memory:
            want(
                tmp_path,
                AddRule(text="Use a heap."),
                AddRule(text="Sort first."),
                EditRule(rule=HEAP, text="sort FIRST!"),
                EditRule(rule=HEAP, text="Use a heap."),
                JudgeRule(rule="rule-ffffffffffff", standing="banned"),
                JudgeRule(rule=HEAP, standing="banned"),
            )
            with capture_logs() as notices:
                memory.take_wishes(all_views)
            done, not_done = "inbox.done", "inbox.impossible"
            assert [notice["event"] for notice in notices] == [done, done, not_done, not_done, not_done, done]
            first, second = (record.id for record in memory.state.learning.rules)
            assert [notice["why"] for notice in notices if notice["event"] == not_done] == [
                f"{second} has this text; ban one of the two instead",
                f"{first} has this text already",
                "there is no rule rule-ffffffffffff",
            ]
            assert [each.standing for each in memory.state.learning.rules] == ["banned", "free"]
        assert list((tmp_path / "inbox").glob("*.json")) == []

    def test_takes_in_twice_what_a_crash_handed_over_twice_without_harm(self, tmp_path: Path) -> None:
        with open_memory(tmp_path) as memory:
            wishes = (
                AddRule(text="Use a heap."),
                EditRule(rule=HEAP, text="Two."),
                JudgeRule(rule=HEAP, standing="pinned"),
            )
            want(tmp_path, *wishes)
            shutil.copytree(tmp_path / "inbox", tmp_path / "logs")
            memory.take_wishes(all_views)
            shutil.copytree(tmp_path / "logs", tmp_path / "inbox", dirs_exist_ok=True)
            with capture_logs():
                memory.take_wishes(all_views)
            [record] = memory.state.learning.rules
            assert (record.texts, record.standing) == (["Use a heap.", "Two."], "pinned")

    def test_writes_many_additions_as_one_batch(self) -> None:
        adds = [AddRule(text=f"Rule {number}.") for number in range(100)]
        ban = JudgeRule(rule=HEAP, standing="banned")
        assert [len(batch) for batch in batches([*adds, ban, ban, *adds])] == [100, 1, 1, 100]


wishes = st.lists(
    st.builds(AddRule, text=st.sampled_from(TEXTS), skills=st.sampled_from(((), ("lists",), ("sorting",))))
    | st.builds(EditRule, rule=st.just(HEAP), text=st.sampled_from((*TEXTS, "Use two heaps.")))
    | st.builds(JudgeRule, rule=st.just(HEAP), standing=st.sampled_from(("free", "pinned", "banned")))
    | st.builds(MergeRules, kept=st.sampled_from(IDS), other=st.sampled_from(IDS))
    | st.builds(UnmergeRule, rule=st.sampled_from(IDS)),
    max_size=16,
)


@settings(max_examples=200, deadline=None)
@given(wishes)
def test_the_log_says_of_a_wish_what_the_wish_does(wanted: list[AnyWish]) -> None:
    book, possible = RuleBook(), []
    for each in wanted:
        if not why_impossible(book, each):
            grant(book, each, by="x", at=AT)
            possible.append(event_of(each, by="x"))
    state = MemoryState()
    for event in events_of(possible):
        state.apply(event)
    assert list(state.learning.rules) == list(book)


class TestReaders:
    def test_know_what_the_writer_wrote(self, tmp_path: Path) -> None:
        live(tmp_path)
        documents = [json.loads(path.read_bytes()) for path in sorted((tmp_path / "rules").glob("*.json"))]
        known = sorted(KnownRules.read(tmp_path), key=lambda rule: rule.id)
        assert [rule.model_dump(mode="json") for rule in known] == documents
        assert [rule.state for rule in known].count("tried") == 2

    def test_foresee_what_waits_in_the_inbox(self, tmp_path: Path) -> None:
        with open_memory(tmp_path) as memory:
            want(tmp_path, AddRule(text="Use a heap."))
            memory.take_wishes(all_views)
            memory.append([added()])
            unit(memory, 1, assignment=an_assignment(a_nominee(HEAP)))
            want(tmp_path, JudgeRule(rule=HEAP, standing="banned"), at="2026-02-01T00:00:00.000Z")
            want(tmp_path, EditRule(rule=HEAP, text="Two."), AddRule(text="New."), at="2026-02-02T00:00:00.000Z")
            foreseen = list(KnownRules.read(tmp_path))
            assert [(rule.text, rule.state, rule.shown) for rule in foreseen] == [
                ("Two.", "banned", 0), ("New.", "proposed", 0),
            ]  # fmt: skip
            memory.take_wishes(all_views)
            taken = list(KnownRules.read(tmp_path))
        assert [rule.model_copy(update={"first_at": ""}) for rule in taken] == [
            rule.model_copy(update={"first_at": ""}) for rule in sorted(foreseen, key=lambda each: each.id)
        ]

    def test_know_what_evidence_said_also_of_a_rule_that_is_pinned(self, tmp_path: Path) -> None:
        with open_memory(tmp_path) as memory:
            memory.append([rule_added("Use a heap.")])
            memory.append([RuleJudged(rule=HEAP, standing="pinned", by="x")])
        path = tmp_path / "rules" / f"{HEAP}.json"
        path.write_text(path.read_text("utf-8").replace('"verdict": null', '"verdict": "certified"'), "utf-8")
        assert [rule.state for rule in KnownRules.read(tmp_path)] == ["pinned"]
        want(tmp_path, JudgeRule(rule=HEAP, standing="free"))
        assert [rule.state for rule in KnownRules.read(tmp_path)] == ["certified"]

    def test_know_rules_of_a_memory_that_was_not_begun(self, tmp_path: Path) -> None:
        want(tmp_path, AddRule(text="Use a heap."), JudgeRule(rule=HEAP, standing="pinned"))
        assert [(rule.id, rule.state) for rule in existing_rules(tmp_path)] == [(HEAP, "pinned")]

    def test_are_told_that_there_is_no_memory(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="there is no memory at"):
            existing_rules(tmp_path / "none")
        assert list(KnownRules.read(tmp_path / "none")) == []

    def test_are_told_of_a_document_that_is_none(self, tmp_path: Path) -> None:
        live(tmp_path)
        path = min((tmp_path / "rules").glob("*.json"))
        path.write_bytes(path.read_bytes().replace(b'"proposals": 1', b'"proposals": -1'))
        with pytest.raises(InputError, match=r"proposals: .*; mend it with `python utils/cli.py rebuild`"):
            KnownRules.read(tmp_path)

    def test_are_told_of_a_document_under_another_rule_s_name(self, tmp_path: Path) -> None:
        live(tmp_path)
        path = min((tmp_path / "rules").glob("*.json"))
        shutil.copy(path, path.with_name("rule-ffffffffffff.json"))
        with pytest.raises(InputError, match=r"rule-ffffffffffff.json is no rule of this memory; mend it"):
            KnownRules.read(tmp_path)


class TestFinding:
    @pytest.fixture
    def known(self, tmp_path: Path) -> KnownRules:
        want(tmp_path, *(AddRule(text=f"Rule {number}.") for number in range(600)))
        return KnownRules.read(tmp_path)

    def test_takes_whole_ids_and_beginnings_in_any_case_with_and_without_rule(self, known: KnownRules) -> None:
        rule = next(iter(known))
        digits = rule.id.removeprefix("rule-")
        for name in (rule.id, digits, digits[:8], f"rule-{digits[:6]}", rule.id.upper(), f" {digits[:7]}\n"):
            assert known.find(name) == rule

    @pytest.mark.parametrize(
        "name", ["", "abc", "rule-abc", "rule-", "wxyz", "rule-0123456789abc", "*", "a\x1b[2J", "é" * 99]
    )
    def test_refuses_what_is_no_id(self, known: KnownRules, name: str) -> None:
        with pytest.raises(InputError, match=r"is no rule id; give at least 4 of its 12 hexadecimal digits$"):
            known.find(name)

    def test_refuses_an_id_that_nobody_has(self, known: KnownRules) -> None:
        with pytest.raises(InputError, match=r"^there is no rule 'ffffffffffff'; `rules list --all` shows"):
            known.find("ffffffffffff")

    def test_names_those_that_a_beginning_could_mean(self, known: KnownRules) -> None:
        beginnings = [rule.id[:9] for rule in known]
        twice = next(each for each in beginnings if beginnings.count(each) == 2)
        both = ", ".join(rule.id for rule in known if rule.id.startswith(twice))
        with pytest.raises(InputError, match=rf"^'{twice}' could be 2 rules \({both}\); give more digits$"):
            known.find(twice)


def test_an_edit_to_another_rule_s_text_or_to_the_same_is_refused(tmp_path: Path) -> None:
    want(tmp_path, AddRule(text="Use a heap."), AddRule(text="Sort first."), EditRule(rule=HEAP, text="Use two heaps."))
    known = KnownRules.read(tmp_path)
    sort = ids(tmp_path)["Sort first."]
    with pytest.raises(InputError, match=f"^{sort} has this text; ban one of the two instead$"):
        known.grant(EditRule(rule=HEAP, text="SORT  first"), by="x", at=AT)
    with pytest.raises(InputError, match=f"^{HEAP} has this text; ban one of the two instead$"):
        known.grant(EditRule(rule=sort, text="use a heap"), by="x", at=AT)
    with pytest.raises(InputError, match=f"^{HEAP} has this text already$"):
        known.grant(EditRule(rule=HEAP, text="Use two heaps."), by="x", at=AT)
    assert known.grant(EditRule(rule=HEAP, text="Use a heap."), by="x", at=AT).version == 3
