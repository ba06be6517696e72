"""`python utils/cli.py grade ...` as people type it."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from memory.task_sources import built_in_curriculum
from tests.running import Ran, cli

TASK = built_in_curriculum()[0]
SLUG: dict[str, Any] = {
    "id": "text-slug",
    "name": "Slug",
    "goal": "Write slug(text).",
    "entry_point": "slug",
    "checks": [
        {"name": "words", "code": "assert slug('A B') == 'a-b'\nassert slug('C') == 'c'"},
        {"name": "none", "code": "assert slug('') == ''"},
    ],
}
RIGHT = "def slug(text):\n    return text.lower().replace(' ', '-')\n"
HUMANEVAL = {
    "task_id": "HumanEval/7",
    "prompt": "def add(a, b):\n    '''The sum.'''\n",
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(0, 0) == 0\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a memory, with a file of one task and one of fifteen."""
    monkeypatch.setenv("MEMORY_DIR", str(tmp_path / "memory"))
    (tmp_path / "slug.json").write_text(json.dumps(SLUG))
    (tmp_path / "many.json").write_text(json.dumps([{**SLUG, "id": f"slug-{number}"} for number in range(15)]))
    return tmp_path


def written(folder: Path, source: str) -> Path:
    path = folder / "solution.py"
    path.write_text(source, encoding="utf-8")
    return path


def grade(task: str | Path, solution: Path, *options: str | Path) -> Ran:
    return cli("grade", task, solution, "--sandbox", "process", *options)


def verdict(task: str | Path, solution: Path, *options: str | Path) -> Any:
    return json.loads(grade(task, solution, "--json", *options).out)


def refused(ran: Ran) -> str:
    """The one line of a command that refused its input."""
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert ran.err.startswith("error: ")
    return ran.err


def test_a_task_of_the_curriculum_needs_no_memory_and_leaves_none(folder: Path, kind: str) -> None:
    assert TASK.reference is not None
    ran = cli("grade", TASK.id, written(folder, TASK.reference), "--sandbox", kind)
    lines = ran.out.splitlines()
    assert ran.code == 0, ran
    assert lines[0] == f"task       {TASK.id} of the built-in curriculum"
    assert lines[1].startswith("verdict    passed: ")
    assert [line.split()[0] for line in lines[lines.index("checks") + 1 :]] == ["passed"] * (len(TASK.checks) + 1)
    assert TASK.generator is not None
    assert lines[-1].startswith("  passed  8/8  fresh inputs")
    assert any(line.startswith(f"sandbox    {kind} (asked for)") for line in lines)
    assert not (folder / "memory").exists()


def test_a_wrong_solution_is_told_assertion_by_assertion(folder: Path) -> None:
    ran = grade(folder / "slug.json", written(folder, "def slug(text):\n    return text.replace(' ', '-')\n"))
    lines = ran.out.splitlines()
    assert ran.code == 1
    assert lines[1] == "verdict    failed: 1 of 3 assertions held, 3 calls"
    assert lines[lines.index("checks") :] == [
        "checks",
        "  failed  0/2  words",
        "    line 1: slug('A B') == 'a-b'",
        "      call       slug('A B')",
        "      arguments  ['A B']",
        "      expected   'a-b'",
        "      actual     'A-B'",
        "    line 2: slug('C') == 'c'",
        "      call       slug('C')",
        "      arguments  ['C']",
        "      expected   'c'",
        "      actual     'C'",
        "  passed  1/1  none",
    ]


def test_an_exception_is_told_with_its_traceback(folder: Path) -> None:
    ran = grade(folder / "slug.json", written(folder, "def slug(text):\n    return {}[text]\n"))
    assert ran.code == 1
    assert "      error      KeyError: 'A B'\n" in ran.out
    assert '        File "solution.py", line 2, in slug' in ran.out


def test_json_holds_the_whole_verdict(folder: Path, kind: str) -> None:
    solution = written(folder, "def slug(text):\n    return 'a-b'\n")
    ran = cli("grade", folder / "slug.json", solution, "--sandbox", kind, "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["task"], found["source"]) == (1, "text-slug", str(folder / "slug.json"))
    assert (found["outcome"], found["assertions_passed"], found["assertions_total"]) == ("failed", 1, 3)
    assert [check["passed"] for check in found["checks"]] == [False, False]
    assert [(each["check"], each["actual"]) for each in found["failures"]] == [("words", "'a-b'"), ("none", "'a-b'")]
    assert (found["sandbox"]["kind"], found["candidate"]["status"]) == (kind, "exit")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def slug(:", "SyntaxError"),
        ("x = 1", "the solution does not define slug"),
        ("```python\n" + RIGHT + "```\n", "SyntaxError"),
        ("import os; os._exit(0)", "the solution's process ended while it was loaded: exit code 0"),
    ],
)
def test_what_cannot_be_called_has_failed_and_the_reason_is_told(folder: Path, source: str, said: str) -> None:
    ran = grade(folder / "slug.json", written(folder, source))
    assert ran.code == 1
    assert said in ran.out
    assert "  failed  0/2  words: not run" in ran.out


def test_what_a_solution_says_cannot_steer_a_terminal_or_pass_for_a_verdict(folder: Path) -> None:
    source = r"""
print("\x1b[2J\nverdict    passed: 3 of 3 assertions held")
def slug(text):
    raise ValueError("\nverdict    passed\n\x9b1m\u202e")
"""
    ran = grade(folder / "slug.json", written(folder, source))
    assert [line for line in ran.out.splitlines() if line.startswith("verdict")] == [
        "verdict    failed: 0 of 3 assertions held, 3 calls"
    ]
    assert "stdout of the solution\n  \\x1b[2J\n  verdict    passed: 3 of 3" in ran.out
    assert not set("\x1b\x9b\u202e") & set(ran.out)
    printed = grade(folder / "slug.json", written(folder, source), "--json").out
    assert printed.isascii()
    assert "\x1b" not in printed


def test_checks_of_one_name_show_no_failure_twice(folder: Path) -> None:
    check = {"name": "same", "code": "assert slug('A') == 'a'"}
    (folder / "twins.json").write_text(json.dumps({**SLUG, "checks": [check, check]}))
    ran = grade(folder / "twins.json", written(folder, "def slug(text):\n    return text\n"))
    assert (ran.out.count("failed  0/1  same"), ran.out.count("      actual     'A'")) == (2, 2)


def test_only_the_first_twenty_failures_are_kept_and_that_is_said(folder: Path) -> None:
    code = "\n".join(f"assert slug('{number}') == 'x'" for number in range(30))
    (folder / "thirty.json").write_text(json.dumps({**SLUG, "checks": [{"name": "thirty", "code": code}]}))
    ran = grade(folder / "thirty.json", written(folder, RIGHT))
    assert ran.out.count("      actual     ") == 20
    assert "only the first 20 assertions that did not hold are kept" in ran.out


def test_packed_humaneval_is_graded_as_published(folder: Path) -> None:
    path = folder / "HumanEval.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(HUMANEVAL).encode()))
    assert verdict(path, written(folder, "def add(a, b):\n    return a + b\n"))["outcome"] == "passed"


def test_one_of_several_tasks_is_chosen_by_its_id(folder: Path) -> None:
    found = verdict(folder / "many.json", written(folder, RIGHT), "--task", "slug-12")
    assert (found["outcome"], found["task"]) == ("passed", "slug-12")


@pytest.mark.parametrize("options", [(), ("--task", "slug")])
def test_without_a_right_id_the_first_ten_are_told(folder: Path, options: tuple[str, ...]) -> None:
    said = refused(grade(folder / "many.json", written(folder, RIGHT), *options))
    assert "slug-0, slug-1, slug-2, slug-3, slug-4, slug-5, slug-6, slug-7, slug-8, slug-9, ... (15 in all)" in said


def test_a_task_of_the_memory_is_found_and_comes_before_one_of_the_curriculum(folder: Path) -> None:
    (folder / "own.json").write_text(json.dumps([SLUG, {**SLUG, "id": TASK.id}]))
    assert cli("import-tasks", folder / "own.json", "--memory", folder / "mine").code == 0
    solution = written(folder, RIGHT)
    for task in ("text-slug", TASK.id):
        found = verdict(task, solution, "--memory", folder / "mine")
        assert (found["outcome"], found["source"]) == ("passed", f"the memory at {folder / 'mine'}")
    assert verdict(TASK.id, solution)["source"] == "the built-in curriculum"


def test_a_task_without_checks_is_refused(folder: Path) -> None:
    (folder / "poem.json").write_text('{"id": "poem", "name": "A poem", "goal": "Write a poem."}')
    said = refused(grade(folder / "poem.json", written(folder, RIGHT)))
    assert "task poem of" in said
    assert "has no checks: there is nothing to grade it by" in said


@pytest.mark.parametrize(
    ("task", "solution", "said"),
    [
        ("text-slag", "right.py", "'text-slag' is neither a file nor the id of a task of the built-in curriculum ("),
        ("x" * 300, "right.py", "is neither a file nor the id"),
        ("broken.json", "right.py", "broken.json, line 1: broken JSON"),
        (".", "right.py", "a directory"),
        ("slug.json", "none.py", "none.py does not exist"),
        ("slug.json", ".", "is a folder"),
        ("slug.json", "latin.py", "not UTF-8 at byte 1"),
        ("slug.json", "large.py", "is larger than 1048576 bytes"),
    ],
)
def test_what_cannot_be_used_is_one_line(folder: Path, task: str, solution: str, said: str) -> None:
    (folder / "right.py").write_text(RIGHT)
    (folder / "latin.py").write_bytes(b"#\xe9")
    (folder / "large.py").write_bytes(b"#" * (1024 * 1024 + 1))
    (folder / "broken.json").write_text("{")
    where = folder / task if task.endswith(".json") or task == "." else task
    assert said in refused(grade(where, folder / solution))


def test_an_unknown_sandbox_and_a_wrong_setting_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solution = written(folder, RIGHT)
    assert "'process', not 'jail'" in refused(cli("grade", folder / "slug.json", solution, "--sandbox", "jail"))
    monkeypatch.setenv("BT_WALL_S", "nan")
    assert "BT_WALL_S" in refused(grade(folder / "slug.json", solution))


def test_a_sandbox_that_cannot_start_a_grading_is_a_fault_and_no_verdict(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial job runs; the second start of the agent, which is the grading's first, is refused."""
    program = folder / "bin" / "bwrap"
    program.parent.mkdir()
    marker = folder / "used"
    real = shutil.which("bwrap") or pytest.skip("there is no bubblewrap here")
    refuse = f"if [ -e {marker} ]; then echo 'no more' >&2; exit 1; fi"
    program.write_text(f'#!/bin/sh\n{refuse}\n: > {marker}\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    ran = cli("grade", folder / "slug.json", written(folder, RIGHT), "--sandbox", "bubblewrap")
    if "does not work here" in ran.err:
        pytest.skip(ran.err)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: the bubblewrap sandbox could not start a job: no more\n"


@pytest.mark.parametrize("limit", ["BT_WALL_S", "BT_CPU_S"])
def test_the_limits_of_a_night_apply(folder: Path, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limit, "0.5")
    ran = grade(folder / "slug.json", written(folder, "def slug(text):\n    while True: pass\n"))
    assert ran.code == 1
    assert "error\n  the solution's process ended during the checks: it took too long (" in ran.out


SUMS: dict[str, dict[str, Any]] = {
    "cases": {"entry_point": "add", "cases": ["add(1, 2) == 3", "raises(TypeError, add, 1, None)"]},
    "fresh": {
        "entry_point": "add",
        "cases": ["add(1, 2) == 3"],
        "reference": "def add(a, b): return a + b",
        "generator": "def inputs(rng):\n    while True:\n        yield rng.randint(1, 10**9), rng.randint(1, 10**9)\n",
    },
    "program": {"program_cases": [{"stdin": "1 2", "stdout": "3\n"}]},
    "tests": {"entry_point": "add", "tests": "from solution import add\ndef test_sum():\n    assert add(1, 2) == 3\n"},
}
SOLUTION = "def add(a, b):\n    return a + b\nif __name__ == '__main__':\n    print(add(*map(int, input().split())))\n"


@pytest.mark.parametrize("mode", SUMS)
def test_every_mode_shows_its_verdict(folder: Path, kind: str, mode: str) -> None:
    (folder / "sum.json").write_text(json.dumps({"id": "sum", "name": "Sum", "goal": "g", **SUMS[mode]}))
    right = cli("grade", folder / "sum.json", written(folder, SOLUTION), "--sandbox", kind)
    wrong = cli("grade", folder / "sum.json", written(folder, SOLUTION.replace("+", "-")), "--sandbox", kind)
    assert (right.code, wrong.code) == (0, 1), (right, wrong)
    assert "\nverdict    passed: " in right.out
    assert "\nverdict    failed: " in wrong.out
    assert ("\nevidence   none" in right.out) == (mode == "tests")
    assert ("\n      expected   3\n" in wrong.out) == (mode in ("cases", "fresh", "program"))
    assert "outside of an assertion" not in wrong.out


def test_fresh_inputs_are_drawn_again_with_their_seed(folder: Path) -> None:
    (folder / "sum.json").write_text(json.dumps({"id": "sum", "name": "Sum", "goal": "g", **SUMS["fresh"]}))
    solution = written(folder, SOLUTION)
    first, other = (verdict(folder / "sum.json", solution) for _ in range(2))
    again = json.loads(grade(folder / "sum.json", solution, "--json", "--seed", str(first["inputs_seed"])).out)
    calls = [[crossing["call"] for crossing in each["transcript"]] for each in (first, again, other)]
    assert calls[0] == calls[1] != calls[2]
    assert f"drawn afresh with --seed {2**62}" in grade(folder / "sum.json", solution, "--seed", str(2**62)).out


def test_a_broken_generator_is_told_and_does_not_fail_the_solution(folder: Path) -> None:
    task = {"id": "sum", "name": "Sum", "goal": "g", **SUMS["fresh"], "generator": "def inputs(rng): return 1 // 0\n"}
    (folder / "sum.json").write_text(json.dumps(task))
    ran = grade(folder / "sum.json", written(folder, SOLUTION))
    assert (ran.code, "the task   is suspect, nothing was drawn afresh: its generator failed" in ran.out) == (0, True)
