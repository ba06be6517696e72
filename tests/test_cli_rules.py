"""`python utils/cli.py rules ...` as people type it."""

import json
from pathlib import Path

import pytest

from memory.digests import rule_id
from tests.memory.builders import (
    a_nominee,
    added,
    an_assignment,
    differences,
    live_a_little,
    open_memory,
    rule_added,
    unit,
)
from tests.running import Ran, cli, cli_json, events

HEAP, EMPTY = "rule-2d6e98a9734e", rule_id("Check the empty list first.")


def rules(*options: str | Path, memory: Path) -> Ran:
    return cli("rules", *options, "--memory", memory)


def waiting(memory: Path) -> int:
    """How many wishes lie in the inbox."""
    return len(list((memory / "inbox").glob("*.json")))


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """A memory with one rule that was tried: seen by two attempts, dropped for one, held out of one."""
    with open_memory(tmp_path / "m") as opened:
        opened.append([added(), rule_added("Use a heap.", skills=("arithmetic",))])
        unit(opened, 1, assignment=an_assignment(a_nominee(HEAP)))
        unit(opened, 2, assignment=an_assignment(a_nominee(HEAP)))
        unit(opened, 3, "add", "failed", assignment=an_assignment(a_nominee(HEAP, dropped=True)))
        unit(opened, 4, assignment=an_assignment(a_nominee(HEAP), control=True))
    return tmp_path / "m"


def test_a_rule_is_added_edited_banned_pinned_and_freed(memory: Path) -> None:
    added_rule = cli_json(
        "rules", "add", "Sort first.", "--skill", "lists", "--error-class", "KeyError", "--memory", memory
    )
    assert (added_rule["skills"], added_rule["error_classes"], added_rule["state"]) == (
        ["lists"],
        ["KeyError"],
        "proposed",
    )
    name = added_rule["id"]
    assert rules("edit", name[5:11], "Sort first, then search.", memory=memory).out == f"{name} has version 2 now\n"
    assert rules("ban", name[:9], memory=memory).out == f"{name} is banned now\n"
    assert rules("pin", name, memory=memory).out == f"{name} is pinned now\n"
    assert cli_json("rules", "show", name, "--memory", memory)["state"] == "pinned"
    assert rules("free", name, memory=memory).out == f"{name} is free now\n"
    assert [each["kind"] for each in events(memory)][-5:] == [
        "rule_added", "rule_edited", "rule_judged", "rule_judged", "rule_judged",
    ]  # fmt: skip
    assert waiting(memory) == 0
    assert differences(memory).none


def test_a_rule_that_is_known_is_joined_also_by_an_older_text(memory: Path) -> None:
    assert rules("edit", HEAP, "Use a heap, never a list.", memory=memory).code == 0
    assert rules("ban", HEAP, memory=memory).code == 0
    joined = rules("add", "use  a HEAP", memory=memory)
    assert joined.out == f"{HEAP} known already, proposed 2 times now, banned, everywhere\n"


def test_what_was_judged_so_before_is_left_alone(memory: Path) -> None:
    assert rules("free", HEAP, memory=memory).out == f"{HEAP} was free before; nothing to do\n"
    assert events(memory, "rule_judged") == []


def test_a_rule_is_shown_with_all_that_is_known_of_it(memory: Path) -> None:
    rules("edit", HEAP, "Use two heaps.", memory=memory)
    assert rules("show", "2d6e", memory=memory).out.splitlines() == [
        f"{HEAP}: proposed, version 2",
        "Use two heaps.",
        "",
        "where       arithmetic",
        "proposed    1 time, first by person a test at 2026-01-31T00:00:03.000Z",
        "latest from person a test, person utils/cli.py",
        "nominated   0 times: 0 held out, 0 dropped, by lot",
        "shown       in 0 graded attempts, 0 passed",
        "effect      +0.00 logits, 95 % between -0.49 and +0.49 (a belief, not a proof)",
        "earlier versions",
        "  1: Use a heap.",
    ]


def test_the_counts_and_the_beliefs_of_a_rule_that_was_tried_are_shown(memory: Path) -> None:
    lines = rules("show", HEAP, memory=memory).out.splitlines()
    assert lines[0] == f"{HEAP}: tried, version 1"
    assert "nominated   4 times: 1 held out, 1 dropped, by lot" in lines
    assert "shown       in 2 graded attempts, 2 passed" in lines
    assert any(line.startswith("  in arithmetic: +0.") for line in lines)


def test_lists_leave_out_what_is_not_used_unless_asked(memory: Path) -> None:
    rules("add", "Sort first.", "--skill", "sorting", memory=memory)
    banned = cli_json("rules", "add", "Never sort.", "--memory", memory)["id"]
    rules("ban", banned, memory=memory)

    def listed(*options: str) -> list[str]:
        return [each["text"] for each in cli_json("rules", "list", *options, "--memory", memory)]

    assert listed() == ["Use a heap.", "Sort first."]
    assert listed("--all") == ["Use a heap.", "Sort first.", "Never sort."]
    assert listed("--state", "banned") == ["Never sort."]
    assert listed("--state", "TRIED") == ["Use a heap."]
    assert listed("--all", "--skill", "sorting") == ["Sort first.", "Never sort."]
    rows = [line.split("\t") for line in rules("list", memory=memory).out.splitlines()]
    assert [rows[0][field] for field in (0, 1, 2, 4, 5)] == [HEAP, "tried", "2/2", "arithmetic", "Use a heap."]


def test_a_file_is_brought_in_whole_or_not_at_all(memory: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("# mine\nSort first.\nsort  FIRST\nuse a heap\n", encoding="utf-8")
    bad.write_text("A good one.\n...\n", encoding="utf-8")
    ran = rules("import", bad, memory=memory)
    assert (ran.code, ran.err) == (2, f"error: {bad}, line 2, text: a rule has words; correct it\n")
    assert rules("import", good, memory=memory).out == f"1 rule of {good} added, 1 known already\n"
    assert len(events(memory, "rule_added")) == 3


def test_while_a_writer_runs_wishes_wait_for_it_and_readers_foresee_them(memory: Path) -> None:
    with open_memory(memory):
        assert rules("add", "Sort first.", memory=memory).out.endswith(
            " added, everywhere; it waits in the inbox for the loop\n"
        )
        assert rules("ban", HEAP, memory=memory).out == f"{HEAP} is banned now; it waits in the inbox for the loop\n"
        listed = cli_json("rules", "list", "--all", "--memory", memory)
        assert [(each["text"], each["state"]) for each in listed] == [
            ("Sort first.", "proposed"),
            ("Use a heap.", "banned"),
        ]
        assert waiting(memory) == 2


def test_rules_can_be_brought_and_judged_before_the_memory_was_begun(tmp_path: Path) -> None:
    memory = tmp_path / "new"
    assert rules("add", "Use a heap.", memory=memory).code == 0
    assert rules("pin", HEAP, memory=memory).out == f"{HEAP} is pinned now; it waits in the inbox for the loop\n"
    assert rules("edit", HEAP, "Use two heaps.", memory=memory).code == 0
    shown = cli_json("rules", "show", HEAP, "--memory", memory)
    assert (shown["state"], shown["versions"]) == ("pinned", ["Use a heap.", "Use two heaps."])
    assert waiting(memory) == 3


def new(memory: Path, text: str, *options: str) -> str:
    """The id of a rule that was added."""
    rule: str = cli_json("rules", "add", text, *options, "--memory", memory)["id"]
    return rule


def test_similar_rules_are_shown_with_what_they_are_to_each_other(memory: Path) -> None:
    never, useful = new(memory, "Never use a heap."), new(memory, "A heap is of use.", "--skill", "lists")
    new(memory, "Sort first.")
    found = cli_json("rules", "similar", "--memory", memory)
    pairs = {frozenset(rule["id"] for rule in pair["rules"]): pair for pair in found}
    assert pairs.keys() == {frozenset(each) for each in ((HEAP, never), (HEAP, useful), (never, useful))}
    opposed, alike = pairs[frozenset((HEAP, never))], pairs[frozenset((HEAP, useful))]
    assert (opposed["similarity"], "`never`" in opposed["contradiction"], alike["contradiction"]) == (1, True, "")
    assert len(cli_json("rules", "similar", "--limit", "1", "--memory", memory)) == 1
    of_one = [line.split("\t") for line in rules("similar", "2d6e", memory=memory).out.splitlines()]
    assert {tuple(fields[1:4]) for fields in of_one} == {
        (HEAP, never, f"contradict each other: {opposed['contradiction']}"),
        (HEAP, useful, "may say the same"),
    }


def test_a_person_merges_two_rules_and_parts_them_again(memory: Path) -> None:
    useful = new(memory, "A heap is of use.", "--skill", "lists")
    assert rules("merge", "2d6e", useful, "--by", "Ann", memory=memory).out == f"{useful} is merged into {HEAP} now\n"
    kept, other = (cli_json("rules", "show", rule, "--memory", memory) for rule in (HEAP, useful))
    assert (kept["skills"], kept["absorbed"], kept["shown"]) == (["arithmetic", "lists"], [useful], 2)
    assert (other["state"], other["merged_into"]) == ("merged", HEAP)
    assert rules("add", "a heap is of use", memory=memory).out.startswith(f"{HEAP} known already, proposed 2 times now")
    assert [each["id"] for each in cli_json("rules", "list", "--memory", memory)] == [HEAP]
    assert [each["id"] for each in cli_json("rules", "list", "--state", "merged", "--memory", memory)] == [useful]
    assert f"stands for  {useful}, which were merged into it" in rules("show", HEAP, memory=memory).out.splitlines()
    assert rules("show", useful, memory=memory).out.startswith(f"{useful}: merged into {HEAP}, version 1\n")
    assert cli_json("rules", "similar", "--memory", memory) == []
    assert rules("unmerge", useful, memory=memory).out == f"{useful} stands by itself now, proposed\n"
    assert [each["by"] for each in events(memory, "rule_merged")] == ["Ann"]
    assert differences(memory).none


def test_a_merge_that_a_word_of_a_person_forbids_is_refused(memory: Path) -> None:
    useful = new(memory, "A heap is of use.")
    rules("ban", useful, memory=memory)
    ran = rules("merge", HEAP, useful, memory=memory)
    words = f"{useful} is banned and {HEAP} is not; ban both, or free {useful}, before they are merged"
    assert (ran.code, ran.err) == (2, f"error: {words}\n")
    rules("ban", HEAP, memory=memory)
    assert rules("merge", HEAP, useful, memory=memory).code == 0
    ran = rules("free", useful, memory=memory)
    assert (ran.code, ran.err) == (2, f"error: {useful} was merged into {HEAP}; name that one, or unmerge it\n")
    assert rules("unmerge", useful, memory=memory).out == f"{useful} stands by itself now, banned\n"


def test_a_rule_and_its_negation_are_not_merged(memory: Path) -> None:
    never = new(memory, "Never use a heap.")
    for pair in ((HEAP, never), (never, HEAP)):
        ran = rules("merge", *pair, memory=memory)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "contradict each other (" in ran.err
    assert rules("merge", HEAP, never, "--force", memory=memory).code == 2
    assert events(memory, "rule_merged") == []


@pytest.mark.parametrize("name", ["A\nB", "x" * 201, "\x1b[2J"])
def test_a_merge_by_a_name_that_is_none_is_refused(old: Path, name: str) -> None:
    ran = rules("merge", HEAP, EMPTY, "--by", name, memory=old)
    assert (ran.code, ran.err.startswith("error: --by: ")) == (2, True)


def test_a_merge_waits_for_the_loop_and_is_foreseen(memory: Path) -> None:
    useful = new(memory, "A heap is of use.")
    with open_memory(memory):
        ran = rules("merge", HEAP, useful, memory=memory)
        assert ran.out == f"{useful} is merged into {HEAP} now; it waits in the inbox for the loop\n"
        assert cli_json("rules", "show", useful, "--memory", memory)["state"] == "merged"


def test_the_source_of_a_proposal_is_kept_and_shown(memory: Path, tmp_path: Path) -> None:
    notes, text = tmp_path / "notes.md", tmp_path / "found.txt"
    notes.write_text("# Lessons\n- Close the file.\n", encoding="utf-8")
    text.write_text("Close the file.\n", encoding="utf-8")
    assert rules("import", notes, memory=memory).out == f"1 rule of {notes} added, 0 known already\n"
    assert rules("import", text, "--source", "Review", memory=memory).code == 0
    rule = new(memory, "close the file", "--source", "notebook")
    shown = cli_json("rules", "show", rule, "--memory", memory)
    assert (shown["source"], [(each["kind"], each["file"]) for each in shown["sources"]]) == (
        "notebook",
        [("notebook", "notes.md"), ("review", "found.txt"), ("notebook", "")],
    )
    lines = rules("show", rule, memory=memory).out.splitlines()
    assert (
        "latest from notebook utils/cli.py (notes.md), review utils/cli.py (found.txt), notebook utils/cli.py" in lines
    )
    told = [line.split("\t")[2] for line in rules("history", rule, memory=memory).out.splitlines()]
    assert told == [
        "proposed by notebook utils/cli.py (notes.md): Close the file.",
        "proposed again by review utils/cli.py (found.txt): Close the file.",
        "proposed again by notebook utils/cli.py: close the file",
    ]


def test_the_history_of_a_rule_is_that_of_the_log(memory: Path) -> None:
    rules("pin", HEAP, memory=memory)
    found = cli_json("rules", "history", HEAP, "--memory", memory)
    assert [(each["change"], each["standing"]) for each in found] == [
        ("proposed", "free"), ("tried", "free"), ("judged", "pinned"),
    ]  # fmt: skip


BAD = {
    "an unknown rule": ("ban", "ffffffffffff"),
    "an id that is too short": ("pin", "2d6"),
    "an id that is none": ("free", "../../etc/passwd"),
    "an id with an escape": ("show", "\x1b[2J"),
    "an edit of nobody": ("edit", "ffff", "Use two heaps."),
    "an edit to the same text": ("edit", HEAP, " Use a heap. "),
    "an edit to another rule's text": ("edit", HEAP, "check THE empty list  first"),
    "an edit to nothing": ("edit", HEAP, "  "),
    "an edit to an endless text": ("edit", HEAP, "x" * 501),
    "an edit to two lines": ("edit", HEAP, "Use\na heap."),
    "no text": ("add", ""),
    "a text without words": ("add", "..."),
    "a text that is too long": ("add", "x" * 501),
    "a text of two lines": ("add", "one\ntwo"),
    "a text with an escape": ("add", "Use \x1b[2J"),
    "a text that is no Unicode": ("add", "Use \udcff"),
    "a skill that is no name": ("add", "Sort.", "--skill", "No Good"),
    "an empty error class": ("add", "Sort.", "--error-class", ""),
    "a missing file": ("import", "nowhere.txt"),
    "an unknown state": ("list", "--state", "loved"),
    "an unknown source": ("add", "Sort.", "--source", "reflection"),
    "an unknown source of a file": ("import", "pyproject.toml", "--source", "\x1b"),
    "a merge with itself": ("merge", HEAP, HEAP),
    "a merge of nobody": ("merge", HEAP, "ffffffffffff"),
    "parting what was not merged": ("unmerge", HEAP),
    "similar to nobody": ("similar", "ffffffffffff"),
    "the history of nobody": ("history", "ffffffffffff"),
    "an edit to the opposite": ("edit", HEAP, "Never use a heap."),
    "an unknown command": ("love", HEAP),
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory with several rules, that nobody changes."""
    folder = tmp_path_factory.mktemp("old")
    live_a_little(folder)
    with open_memory(folder) as opened:
        opened.append([rule_added("Use a heap.")])
    return folder


@pytest.mark.parametrize("options", BAD.values(), ids=BAD.keys())
def test_what_is_wrong_gets_one_line_and_leaves_nothing_behind(old: Path, options: tuple[str, ...]) -> None:
    ran = rules(*options, memory=old)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("error: ")
    assert "\x1b" not in ran.err
    assert len(ran.err) < 400
    assert waiting(old) == 0


@pytest.mark.parametrize(
    "options",
    [
        ("list",),
        ("show", HEAP),
        ("ban", HEAP),
        ("edit", HEAP, "x"),
        ("add", "..."),
        ("similar",),
        ("merge", HEAP, HEAP),
        ("history", HEAP),
    ],
)
def test_where_there_is_no_memory_nothing_is_made(tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = rules(*options, memory=tmp_path / "none")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "none").exists()


def test_a_damaged_document_is_named_with_what_mends_it(memory: Path) -> None:
    path = memory / "rules" / f"{HEAP}.json"
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps({**document, "state": "loved"}), encoding="utf-8")
    ran = rules("list", memory=memory)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"{HEAP}.json: state: " in ran.err
    assert cli("rebuild", "--memory", memory).code == 0
    assert json.loads(path.read_bytes()) == document
