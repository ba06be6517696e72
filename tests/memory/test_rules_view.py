"""rules/<id>.json, folded from events."""

from typing import Any

import pytest

from memory.assignment import RECALL
from memory.attempts import Outcome
from memory.events import Abandoned, RuleEdited, RuleJudged, RuleMerged
from memory.rule_origins import Source
from memory.rules import RuleRecord, RuleVerdict, Standing
from memory.view_files import render
from memory.views.library import Rule, RuleBeliefs, rule_document, rule_state
from tests.memory.builders import (
    AT,
    a_nominee,
    a_reflection,
    added,
    an_assignment,
    decided,
    finished,
    rule_added,
)
from tests.memory.test_views import Folded


class Ruled(Folded):
    """All views of a memory with one rule, brought by a person."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(added(), added("sort", skills=("sorting", "lists")), rule_added("Use a heap.", **fields))

    @property
    def record(self) -> RuleRecord:
        return self.fold.state.learning.rules.at(0)

    @property
    def rule(self) -> Rule:
        return self.read(f"rules/{self.record.id}.json", Rule)

    def nominate(self, number: int, *, task_id: str = "add", control: bool = False, dropped: bool = False) -> "Ruled":
        nominee = a_nominee(self.record.id, self.record.version, dropped=dropped)
        self.tell(decided(number, task_id, assignment=an_assignment(nominee, control=control)))
        return self

    def end(self, number: int, outcome: Outcome = "passed", **fields: Any) -> "Ruled":
        self.tell(finished(self.fold.state, number, outcome, **fields))
        return self

    def judge(self, standing: Standing) -> "Ruled":
        self.tell(RuleJudged(rule=self.record.id, standing=standing, by="somebody"))
        return self

    def edit(self, text: str) -> "Ruled":
        self.tell(RuleEdited(rule=self.record.id, text=text, by="somebody"))
        return self

    def tell_merge(self) -> None:
        """Merge the rule into another one that is new."""
        self.tell(rule_added("A heap is of use."))
        kept = self.fold.state.learning.rules.at(1).id
        self.tell(RuleMerged(kept=kept, other=self.record.id, by="somebody"))

    def written(self, *before: str) -> list[str]:
        """Documents of rules that were written since those of before were taken away."""
        return sorted(path for path in self.documents if path.startswith("rules/") and path not in before)


def test_a_new_rule_s_document_says_where_it_came_from_and_that_nothing_is_known_of_it() -> None:
    rule = Ruled(skills=("sorting", "lists"), error_classes=("KeyError",)).rule
    assert (rule.version, rule.text, rule.versions) == (1, "Use a heap.", ("Use a heap.",))
    assert (rule.state, rule.by, rule.source, rule.first_at) == ("proposed", "a test", "person", AT)
    assert rule.sources == (Source(kind="person", by="a test"),)
    assert (rule.skills, rule.error_classes, rule.proposals) == (("lists", "sorting"), ("KeyError",), 1)
    assert (rule.effect.mean, rule.effect.sd, rule.effect_in_skill) == (0, 0.25, {})


def test_coins_and_verdicts_are_counted() -> None:
    ruled = Ruled()
    ruled.nominate(1).end(1)
    ruled.nominate(2, dropped=True).end(2)
    ruled.nominate(3, control=True, dropped=True).end(3)
    ruled.nominate(4).end(4, "failed")
    ruled.nominate(5).end(5, "ungraded", passed_first=False)
    rule = ruled.rule
    assert (rule.nominated, rule.held_out, rule.dropped, rule.shown, rule.passed_shown) == (5, 1, 1, 2, 1)
    assert rule.state == "tried"


def test_the_effect_is_what_the_model_believed_at_the_last_change_however_much_later_the_document_is_made() -> None:
    ruled = Ruled().nominate(1, task_id="sort").end(1)
    belief = ruled.fold.state.learning.model.effect(ruled.record.key, skills=())
    assert (ruled.rule.effect.mean, ruled.rule.effect.sd) == (round(belief.mean, 6), round(belief.sd, 6))
    assert ruled.rule.effect.mean > 0
    assert list(ruled.rule.effect_in_skill) == ["lists", "sorting"]
    assert ruled.rule.effect_in_skill["lists"].mean > ruled.rule.effect.mean
    before = ruled.rule
    for number in range(2, 50):
        ruled.unit(number)
    assert ruled.rule == before


def test_only_what_changed_is_written() -> None:
    ruled = Ruled()
    ruled.tell(rule_added("Another."))
    own = f"rules/{ruled.record.id}.json"
    ruled.documents.clear()
    assert ruled.nominate(1).written() == [own]
    ruled.documents.clear()
    assert ruled.end(1).written() == [own]
    ruled.documents.clear()
    ruled.unit(2)
    assert ruled.nominate(3, dropped=True).written() == [own]
    ruled.documents.clear()
    assert ruled.end(3).written() == []
    ruled.nominate(4).tell(Abandoned(unit_id="abcdef12-000004", task_id="add", deaths=3))
    assert ruled.rule.shown == 1


def test_a_reflection_that_proposes_it_again_widens_its_scope() -> None:
    ruled = Ruled(skills=("sorting",), error_classes=("KeyError",))
    ruled.unit(1, "failed", reflection=a_reflection("use a HEAP!"))
    assert (ruled.rule.skills, ruled.rule.error_classes) == (("arithmetic", "sorting"), ("KeyError", "wrong answer"))
    assert (ruled.rule.proposals, [str(each) for each in ruled.rule.sources]) == (
        2,
        ["person a test", "reflection abcdef12-000001"],
    )


def test_a_rule_that_seems_to_harm_is_set_aside_unless_a_person_decides_otherwise() -> None:
    ruled = Ruled()
    for number in range(1, 41, 2):
        ruled.nominate(number).end(number, "failed")
        assert (ruled.rule.state == "tried") or ruled.rule.shown >= 8
        ruled.unit(number + 1)
    assert (ruled.rule.state, ruled.rule.shown) == ("set aside", 20)
    assert ruled.judge("pinned").rule.state == "pinned"
    assert ruled.judge("banned").rule.state == "banned"
    assert ruled.judge("free").rule.state == "set aside"
    edited = ruled.edit("Use two heaps.").rule
    assert (edited.state, edited.shown, edited.effect.mean, edited.effect_in_skill) == ("proposed", 0, 0, {})
    assert (edited.version, edited.versions) == (2, ("Use a heap.", "Use two heaps."))


VERDICTS: tuple[RuleVerdict, ...] = ("certified", "supported", "retired")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_evidence_wins_over_belief_a_merge_over_evidence_and_a_person_s_word_over_all(verdict: RuleVerdict) -> None:
    ruled = Ruled()
    for number in range(1, 41):
        ruled.nominate(number).end(number, "failed")
    assert rule_state(ruled.record, RuleBeliefs(1, ruled.rule.effect)) == "set aside"
    proven = RuleBeliefs(1, ruled.rule.effect, trial=1, verdict=verdict)
    assert rule_state(ruled.record, proven) == verdict
    ruled.judge("pinned")
    assert rule_state(ruled.record, proven) == "pinned"
    ruled.judge("free").tell_merge()
    assert rule_state(ruled.record, proven) == "merged"


def test_a_verdict_belongs_to_a_version() -> None:
    beliefs = RuleBeliefs(1, verdict="certified")
    ruled = Ruled()
    assert (rule_document(ruled.record, beliefs).state, rule_document(ruled.record, beliefs).verdict) == (
        "certified",
        "certified",
    )
    ruled.judge("banned")
    assert (rule_document(ruled.record, beliefs).state, rule_document(ruled.record, beliefs).verdict) == (
        "banned",
        "certified",
    )


def test_a_ban_survives_the_rule_being_proposed_again() -> None:
    ruled = Ruled().judge("banned")
    ruled.unit(1, "failed", reflection=a_reflection("Use a heap."))
    assert (ruled.rule.state, ruled.rule.proposals) == ("banned", 2)


def test_the_end_of_a_unit_that_saw_an_older_version_says_nothing_of_the_new_one() -> None:
    ruled = Ruled().nominate(1).edit("Use two heaps.").end(1)
    assert (ruled.rule.shown, ruled.rule.effect.mean, ruled.rule.effect_in_skill) == (0, 0, {})


def test_the_recall_of_attempts_is_no_rule() -> None:
    ruled = Ruled()
    ruled.tell(decided(1, assignment=an_assignment(a_nominee(RECALL, kind="recall"))))
    ruled.end(1)
    assert ruled.written() == [f"rules/{ruled.record.id}.json"]
    assert ruled.fold.state.learning.recalls == 1


def test_zero_is_written_without_a_sign() -> None:
    assert b"-0.0" not in render(Ruled().documents[f"rules/{Ruled().record.id}.json"])
