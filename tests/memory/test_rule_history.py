"""What became of a rule, from the log."""

from pathlib import Path

from memory.event_lines import read_chain
from memory.events import RuleEdited, RuleJudged, RuleMerged, RuleUnmerged
from memory.rule_history import RuleChange, history, in_words
from tests.memory.builders import (
    a_nominee,
    a_reflection,
    added,
    an_assignment,
    open_memory,
    rule_added,
    unit,
)


def lived(folder: Path) -> tuple[str, str]:
    """The ids of two rules that went through everything."""
    with open_memory(folder) as memory:
        memory.append([added(), rule_added("Use a heap.", source="notebook", file="notes.md", skills=("lists",))])
        heap = memory.state.learning.rules.at(0).id
        unit(memory, 1, "add", "failed", reflection=a_reflection("use a HEAP"))
        memory.append([rule_added("Heaps are useful.")])
        other = memory.state.learning.rules.at(1).id
        for number in (2, 3):
            unit(memory, number, assignment=an_assignment(a_nominee(heap)))
        memory.append([RuleEdited(rule=heap, text="Use two heaps.", by="Ann")])
        memory.append([RuleMerged(kept=heap, other=other, by="Ann")])
        unit(memory, 4, "add", "failed", reflection=a_reflection("heaps are useful"))
        memory.append([RuleUnmerged(rule=other, by="Ann")])
        memory.append([RuleJudged(rule=heap, standing="banned", by="Ann")])
        memory.append([RuleJudged(rule=heap, standing="banned", by="Ann")])
    return heap, other


def changes(folder: Path, rule: str) -> list[RuleChange]:
    return list(history((event for event, _ in read_chain(folder / "events")), rule))


def test_every_change_is_told_in_order_with_who_made_it(tmp_path: Path) -> None:
    heap, other = lived(tmp_path)
    assert [in_words(change) for change in changes(tmp_path, heap)] == [
        "proposed by notebook a test (notes.md): Use a heap.",
        "proposed again by reflection abcdef12-000001: use a HEAP",
        "version 1 tried, first nominated for abcdef12-000002",
        "version 2 by Ann: Use two heaps.",
        f"{other} merged into it by Ann",
        "proposed again by reflection abcdef12-000004: heaps are useful",
        f"parted from {other} by Ann",
        "banned by Ann",
    ]
    assert [in_words(change) for change in changes(tmp_path, other)] == [
        "proposed by person a test: Heaps are useful.",
        f"merged into {heap} by Ann",
        f"parted from {heap} by Ann",
    ]


def test_a_change_tells_the_scope_and_the_version_after_it(tmp_path: Path) -> None:
    heap, _ = lived(tmp_path)
    found = changes(tmp_path, heap)
    assert [change.skills for change in found[:2]] == [("lists",), ("arithmetic", "lists")]
    assert [change.version for change in found] == [1, 1, 1, 2, 2, 2, 2, 2]
    assert [change.seq for change in found] == sorted(change.seq for change in found)
    assert (found[-1].standing, found[-2].standing) == ("banned", "free")


def test_a_rule_that_the_log_does_not_know_has_no_history(tmp_path: Path) -> None:
    lived(tmp_path)
    assert changes(tmp_path, "rule-ffffffffffff") == []
    assert changes(tmp_path / "none", "rule-ffffffffffff") == []
