"""The command line as people type it, good input and bad."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.running import cli, cli_json, events, loop


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small memory after a run."""
    folder = tmp_path_factory.mktemp("memory")
    options = ("--llm", "rehearsal", "--seed", "4", "--sandbox", "process", "--cycles", "5")
    assert loop(*options, "--memory", folder).code == 0
    return folder


def test_the_users_own_command_adds_a_task(tmp_path: Path) -> None:
    ran = cli("add-task", "Build a GUI downloader", "--difficulty", "0.7", "--priority", "1", "--memory", tmp_path)
    assert re.fullmatch(r"task_\d{6} added, priority 1, ungraded: it has no checks\n", ran.out)
    task = cli_json("get-task", ran.out.split()[0], "--memory", tmp_path)["task"]
    assert (task["goal"], task["difficulty"], task["priority"]) == ("Build a GUI downloader", 0.7, 1)


def test_a_task_says_how_much_of_what_decides_is_never_shown(tmp_path: Path) -> None:
    cases = [part for number in range(6) for part in ("--case", f"f({number}) == {number}")]
    options = ("add-task", "Write f.", "--entry-point", "f", *cases, "--memory", str(tmp_path))
    kept, open_ = cli(*options).out, cli(*options, "--show-checks").out
    assert kept.endswith("graded, 2 of 6 assertions decide unseen\n")
    assert open_.endswith("graded, all that decides is shown: no evidence\n")
    assert ", 6 checks, 2 of 6 assertions decide unseen" in cli("get-task", kept.split()[0], "--memory", tmp_path).out
    assert cli_json("get-task", open_.split()[0], "--memory", tmp_path)["task"]["show_checks"]


def test_tasks_that_people_wait_for_are_listed_first_the_most_urgent_on_top(memory: Path) -> None:
    for goal, priority in (("second", "1"), ("first", "9"), ("third", "-2")):
        cli("add-task", goal, "--priority", priority, "--memory", memory)
    listed = cli_json("list-tasks", "--count", "4", "--memory", memory)
    assert [task["name"] for task in listed][:3] == ["first", "second", "third"]
    assert len(listed) == 4
    queue = json.loads((memory / "task_memory" / "task_queue.json").read_text())
    assert [entry["name"] for entry in queue["first"]] == ["first", "second", "third"]


def test_plain_output_has_a_line_for_each_task_and_no_colours(memory: Path) -> None:
    ran = cli("list-tasks", "--count", "10", "--memory", memory)
    assert len(ran.out.splitlines()) == 10
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("get-profile", "5 attempts in 1 runs"),
        ("get-skills", "% to "),
        ("get-analysis", "Tried last:"),
        ("get-trend", "A rise or fall here proves nothing"),
        ("belogs", "passed"),
        ("list-tasks", "graded"),
    ],
)
def test_every_view_can_be_read_by_a_person_and_by_a_program(memory: Path, command: str, words: str) -> None:
    assert words in cli(command, "--memory", memory).out
    assert cli_json(command, "--memory", memory)


def test_one_task_is_shown_with_its_attempts(memory: Path) -> None:
    unit = events(memory, "finished")[0]
    ran = cli("get-task", unit["belog"]["task_id"], "--memory", memory)
    assert unit["result"]["unit_id"] in ran.out
    assert "tried 1 times" in ran.out


def test_a_humaneval_file_is_imported_unchanged(memory: Path, tmp_path: Path) -> None:
    row = {
        "task_id": "HumanEval/900",
        "prompt": 'def one() -> int:\n    """One."""\n',
        "canonical_solution": "    return 1\n",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
        "entry_point": "one",
    }
    path = tmp_path / "he.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(row).encode()))
    assert cli("import-tasks", path, "--memory", memory).out == f"1 tasks of {path} imported\n"
    assert cli_json("get-task", "HumanEval/900", "--memory", memory)["task"]["checks"][0]["code"].startswith(
        row["test"]
    )


def test_rebuild_notices_and_mends_what_differs(memory: Path) -> None:
    profile = memory / "core" / "builder_profile.json"
    right = profile.read_bytes()
    profile.write_bytes(right.replace(b'"units": 5', b'"units": 6'))
    (memory / "core" / "skill_map.json").unlink()
    (memory / "rules" / "rule-of-nobody.json").parent.mkdir(exist_ok=True)
    (memory / "rules" / "rule-of-nobody.json").write_text("{}")
    checked = cli("rebuild", "--check", "--memory", memory)
    assert checked.code == 1
    assert checked.out.splitlines()[:3] == [
        "missing: core/skill_map.json",
        "different: core/builder_profile.json",
        "extra: rules/rule-of-nobody.json",
    ]
    assert cli("rebuild", "--memory", memory).code == 0
    assert profile.read_bytes() == right
    assert cli("rebuild", "--check", "--memory", memory).code == 0


def test_a_task_that_decides_nothing_is_refused_when_it_is_added(tmp_path: Path) -> None:
    ran = cli("add-task", "Write f(x).", "--entry-point", "f", "--check", "assert (f(1) == 2, 'wrong')",
              "--memory", tmp_path / "m", "--sandbox", "process")  # fmt: skip
    assert (ran.code, ran.out) == (2, "")
    assert "error: the task is no use: `assert (f(1) == 2, 'wrong')` can never fail" in ran.err
    assert not (tmp_path / "m").exists()


def test_a_task_whose_reference_fails_is_refused_with_what_it_gave(tmp_path: Path) -> None:
    (tmp_path / "solution.py").write_text("def f(x):\n    return x\n", encoding="utf-8")
    task = ("Write f(x).", "--entry-point", "f", "--case", "f(1) == 2", "--reference", tmp_path / "solution.py")
    ran = cli("add-task", *task, "--memory", tmp_path / "m", "--sandbox", "process")
    assert ran.code == 2
    assert "its own reference does not pass: f(1) gave 1, not 2" in ran.err


def test_where_no_sandbox_can_be_had_a_task_is_taken_and_said_not_to_be_tried(tmp_path: Path) -> None:
    task = ("Write f(x).", "--entry-point", "f", "--check", "assert f(1) == 2")
    ran = cli("add-task", *task, "--memory", tmp_path / "m", "--sandbox", "socket")
    assert "added, priority 0, graded" in ran.out
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert ran.err.startswith("not tried: --sandbox socket does not work here: ")
    assert ran.err.endswith("it is tried before its first attempt\n")


def test_the_sound_tasks_of_a_file_come_in_and_the_others_are_named(tmp_path: Path) -> None:
    two = {"name": "Two", "goal": "Write two().", "entry_point": "two"}
    rows = [
        {**two, "id": "right", "checks": ["assert two() == 2"], "reference": "def two(): return 2"},
        {**two, "id": "wrong", "checks": ["assert two() == 2"], "reference": "def two(): return 3"},
        {**two, "id": "idle", "checks": ["assert two() is None"]},
    ]
    path, memory = tmp_path / "tasks.jsonl", tmp_path / "m"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    ran = cli("import-tasks", path, "--memory", memory, "--sandbox", "process")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"1 tasks of {path} imported, 2 refused:",
        f"  {path}, line 2, wrong: its own reference does not pass: two() == 2 gave 3, not 2",
        f"  {path}, line 3, idle: nobody can fail it: an answer that does nothing passes",
    ]
    assert [task["id"] for task in cli_json("list-tasks", "--memory", memory)] == ["right"]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows[1:]), encoding="utf-8")
    none = cli("import-tasks", path, "--memory", memory, "--sandbox", "process")
    assert none.code == 2
    assert none.err.endswith("gave 3, not 2; none of the 2 tasks is of use\n")


def test_what_was_tried_when_it_was_added_is_not_tried_again(memory: Path) -> None:
    task = ("Write f(x).", "--entry-point", "f", "--check", "assert f(1) == 2")
    assert cli("add-task", *task, "--memory", memory, "--sandbox", "process").code == 0
    tried = events(memory, "validated")[-1]
    assert (tried["sound"], tried["why"], len(tried["task_digest"])) == (True, "it was tried when it was added", 64)


BAD_TASKS = {
    "a difficulty that is no number": (("x", "--difficulty", "hard"), "--difficulty"),
    "a difficulty of NaN": (("x", "--difficulty", "nan"), "--difficulty"),
    "a difficulty beyond 1": (("x", "--difficulty", "1.5"), "--difficulty"),
    "no goal": ((), "goal"),
    "an empty goal": (("",), "GOAL"),
    "a goal beyond all bounds": (("x" * 100_000,), "GOAL"),
    "a check that is no Python": (("x", "--entry-point", "f", "--check", "assert f("), "check"),
    "a check without an assert": (("x", "--entry-point", "f", "--check", "f(1)"), "check"),
    "a check without an entry point": (("x", "--check", "assert f(1)"), "entry_point"),
    "a case that is none": (("x", "--entry-point", "f", "--case", "f(1)"), "--case 1"),
    "a case that is no literal": (
        ("x", "--entry-point", "f", "--case", "f(1) == g(2)"),
        "--case 1: g(2) is no literal",
    ),
    "a case of another function": (("x", "--entry-point", "f", "--case", "g(1) == 2"), "a case calls g"),
    "a case without an entry point": (("x", "--case", "f(1) == 2"), "entry_point"),
    "a tolerance of 0": (("x", "--entry-point", "f", "--case", "f(1) == 2.5", "--tolerance", "0"), "--tolerance"),
    "an output that is missing": (("x", "--output", "nowhere.txt"), "nowhere.txt"),
    "an input without its output": (("x", "--input", "pyproject.toml"), "--output 0 times"),
    "a generator without a reference": (
        ("x", "--entry-point", "f", "--case", "f(1) == 2", "--generator", "utils/lots.py"),
        "--generator",
    ),
    "tests without tests": (("x", "--tests", "utils/lots.py"), "tests define neither"),
    "an entry point that is no name": (("x", "--entry-point", "../f"), "--entry-point"),
    "a skill that is no word": (("x", "--skill", "../etc"), "--skill"),
    "a reference that is missing": (("x", "--reference", "nowhere.py"), "nowhere.py"),
    "a priority beyond all bounds": (("x", "--priority", "100000"), "--priority"),
}


@pytest.mark.parametrize(("options", "named"), BAD_TASKS.values(), ids=BAD_TASKS.keys())
def test_a_bad_task_gets_one_line_and_is_not_kept(tmp_path: Path, options: tuple[str, ...], named: str) -> None:
    ran = cli("add-task", *options, "--memory", tmp_path / "m")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("error: ")
    assert named in ran.err
    assert not (tmp_path / "m").exists()


def added(memory: Path, *options: str | Path) -> dict[str, Any]:
    ran = cli("add-task", "Do it.", *options, "--memory", memory, "--json")
    assert ran.code == 0, ran
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_a_task_can_be_asked_for_with_cases_outputs_a_generator_or_tests(tmp_path: Path) -> None:
    for name, text in (
        ("in", "1 2"), ("out", "3"), ("draw.py", "def inputs(rng):\n    yield 1,\n"),
        ("right.py", "def f(x): return x + 1\n"), ("tests.py", "def test_it():\n    assert True\n"),
    ):  # fmt: skip
        (tmp_path / name).write_text(text)
    memory = tmp_path / "m"
    files = ("--generator", tmp_path / "draw.py", "--reference", tmp_path / "right.py")
    options = (
        "--entry-point",
        "f",
        "--case",
        "f(1) == 2.0",
        "--case",
        "raises(TypeError, f, '')",
        "--tolerance",
        "1e-9",
    )
    cases = added(memory, *options, *files)
    assert [(case["call"], case["expected"], case["raises"]) for case in cases["cases"]] == [
        ("f(1)", "2.0", None), ("f('')", None, "TypeError"),
    ]  # fmt: skip
    assert (cases["tolerance"], cases["generator"]["count"]) == (1e-9, 8)
    program = added(memory, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert program["program_cases"] == [{"name": "", "stdin": "1 2", "stdout": "3"}]
    said = cli("add-task", "Do it.", "--tests", tmp_path / "tests.py", "--memory", memory).out
    assert said.endswith("ungraded: its tests share the solution's process and prove nothing\n")


BAD_FILES = {
    "not UTF-8": b'{"id": "\xff"}',
    "NaN": b'[{"id": "a", "name": "a", "goal": "g", "difficulty": NaN}]',
    "not JSON": b"{",
    "another shape": b'{"hello": 1}',
    "wrong types": b'[{"id": 7, "name": "a", "goal": "g"}]',
    "a path for an id": b'[{"id": "../../etc/passwd", "name": "a", "goal": "g"}]',
    "10 MB of goal": b'[{"id": "a", "name": "a", "goal": "' + b"x" * 10_000_000 + b'"}]',
    "nesting": b"[" * 100_000,
    "empty": b"",
    "a newer version": b'[{"schema_version": 99, "id": "a", "name": "a", "goal": "g"}]',
    "broken gzip": b"\x1f\x8b\x08garbage",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_gets_one_line_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tasks.json"
    path.write_bytes(content)
    ran = cli("import-tasks", path, "--memory", tmp_path / "m")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "tasks.json" in ran.err
    assert len(ran.err) < 1000


@pytest.mark.parametrize(
    "task", ["nope", "../../etc/passwd", "/etc/passwd", "\x1b[2J", "x" * 10_000, "", "a\x00b"[:1] + "%"]
)
def test_an_unknown_task_gets_one_line(memory: Path, task: str) -> None:
    ran = cli("get-task", task, "--memory", memory)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "\x1b" not in ran.err


@pytest.mark.parametrize(
    "command", ["get-profile", "get-skills", "get-analysis", "get-trend", "belogs", "list-tasks", "rebuild"]
)
def test_a_missing_memory_gets_one_line(tmp_path: Path, command: str) -> None:
    ran = cli(command, "--memory", tmp_path / "none")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "none").exists()


def test_a_document_of_a_newer_version_is_refused(memory: Path) -> None:
    path = memory / "core" / "skill_map.json"
    right = path.read_bytes()
    path.write_bytes(right.replace(b'"schema_version": 1', b'"schema_version": 2'))
    ran = cli("get-skills", "--memory", memory)
    path.write_bytes(right)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "newer version" in ran.err


def test_a_memory_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    line = {"at": "2030", "data": {"format": 99, "kind": "memory_created"}, "prev": "0" * 64, "seq": 1}
    log = tmp_path / "events" / "000001.jsonl"
    log.write_text(json.dumps(line) + "\n")
    before = log.read_bytes()
    for ran in (
        loop("--llm", "rehearsal", "--memory", tmp_path, "--sandbox", "process", "--cycles", "1"),
        cli("rebuild", "--memory", tmp_path),
        cli("add-task", "x", "--memory", tmp_path),
    ):
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "newer version" in ran.err
    assert log.read_bytes() == before


def test_damage_in_the_middle_of_the_log_is_named_with_its_place(memory: Path, tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    lines = (memory / "events" / "000001.jsonl").read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"a", b"b", 1)
    (tmp_path / "events" / "000001.jsonl").write_bytes(b"".join(lines))
    ran = cli("rebuild", "--check", "--memory", tmp_path)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "000001.jsonl, line" in ran.err
