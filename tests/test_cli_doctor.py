"""`doctor` as a person types it."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.memory.builders import live_a_little
from tests.running import CHECKOUT, WAIT_S, Ran, cli, serving

PLAIN = re.compile(r"(ok      |warning |problem ) \S.{16} \S.*| {27}to do: \S.*|A night would .*")
QUICK = ("--sandbox", "process")


@pytest.fixture(autouse=True)
def quick_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BT_FIRST_TOKEN_S", "2")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


def by_name(ran: Ran) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(ran.out)}


def test_a_rehearsal_would_work_and_the_memory_stays_as_it_was(tmp_path: Path) -> None:
    ran = cli("doctor", *QUICK, "--memory", tmp_path / "memory")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert [line for line in lines if not PLAIN.fullmatch(line)] == []
    assert lines[-1].startswith("A night would work with these settings: ")
    assert "\x1b" not in ran.out
    assert list(tmp_path.iterdir()) == []


def test_a_server_over_http_is_examined_to_the_end(tmp_path: Path) -> None:
    with serving("-m utils.rehearsal", "--port", "0") as url:
        ran = cli("doctor", *QUICK, "--llm", url, "--memory", tmp_path, "--json")
    found = by_name(ran)
    assert ran.code == 0, found
    assert list(found) == [
        "Python", "packages", "clock", "disk space", "disk", "memory", "event log", "views", "tasks", "system",
        "docker", "bubblewrap", "landlock", "sandbox", "attacks", "grading", "model server", "model", "completion",
        "structured output", "context", "speed",
    ]  # fmt: skip
    assert all(set(each) == {"name", "level", "said", "todo", "details"} for each in found.values())
    assert found["completion"]["level"] == found["structured output"]["level"] == "ok"
    assert found["sandbox"]["said"].startswith("UNSAFE")
    assert (found["attacks"]["level"], "got through: " in found["attacks"]["said"]) == ("warning", True)
    assert "got through: read a file of this machine" in found["attacks"]["details"]
    assert any(line.startswith("not covered: everything: files, network") for line in found["attacks"]["details"])


def test_a_server_that_is_away_is_a_problem_with_a_remedy_and_no_log_on_the_way(tmp_path: Path) -> None:
    ran = cli("doctor", *QUICK, "--llm", "http://127.0.0.1:9/v1", "--memory", tmp_path, "--json")
    found = by_name(ran)["model server"]
    assert (ran.code, ran.err, found["level"]) == (1, "", "problem")
    assert found["todo"] == "start the model server or correct its URL"


def test_a_sandbox_that_is_asked_for_and_away_is_a_problem(tmp_path: Path) -> None:
    ran = cli("doctor", "--sandbox", "docker", "--memory", tmp_path, "--json")
    found = by_name(ran)
    assert ran.code == 1
    assert found["docker"]["level"] == found["sandbox"]["level"] == "problem"
    assert found["grading"]["said"] == "not tried: there is no sandbox"


def test_a_damaged_memory_and_unreadable_tasks_are_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live_a_little(tmp_path)
    (tmp_path / "events" / "000001.jsonl").write_text("{}\n")
    monkeypatch.setenv("BT_TASKS", str(tmp_path / "none.json"))
    found = by_name(cli("doctor", *QUICK, "--memory", tmp_path, "--json"))
    assert found["event log"]["level"] == found["tasks"]["level"] == "problem"
    assert "none.json" in found["tasks"]["said"]


def test_tasks_that_wait_are_counted_and_ungraded_ones_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("add-task", "Build a GUI downloader", "--memory", tmp_path)
    (tmp_path / "own.json").write_text('{"id": "mine", "name": "mine", "goal": "Write a poem."}')
    (tmp_path / "own.json").rename(tmp_path.parent / f"{tmp_path.name}.json")
    monkeypatch.setenv("BT_TASKS", f"{tmp_path}.json")
    found = by_name(cli("doctor", *QUICK, "--memory", tmp_path, "--json"))["tasks"]
    assert (found["level"], found["said"]) == ("warning", "2 can be read, 0 of them graded")


@pytest.mark.parametrize(("content", "code", "level"), [(None, 1, "problem"), ("", 1, "problem")])
def test_a_replay_says_what_it_is(tmp_path: Path, content: str | None, code: int, level: str) -> None:
    path = tmp_path / "night.jsonl"
    if content is not None:
        path.write_text(content)
    ran = cli("doctor", *QUICK, "--llm", f"replay:{path}", "--memory", tmp_path / "memory", "--json")
    assert (ran.code, by_name(ran)["model"]["level"]) == (code, level)


@pytest.mark.parametrize(
    "options", [("--llm", "ftp://x"), ("--sandbox", "jail"), ("--llm", "http://user:secret@x/v1"), ("--nonsense",)]
)
def test_bad_input_is_one_line_and_exit_code_2(options: tuple[str, ...]) -> None:
    ran = cli("doctor", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert "secret" not in ran.err


def test_on_a_terminal_it_has_colours_and_says_what_it_waits_for(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, str(CHECKOUT / "utils/cli.py"), "doctor", *QUICK, "--memory", str(tmp_path)]
    process = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how Linux says that the other side of a terminal was closed
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    assert process.wait(WAIT_S) == 0
    assert b"... writing a probe file" in shown
    assert b"\x1b[32mok" in shown


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        (
            ["import numpy as np\nassert np.allclose(two(), 2)"],
            "needs-help needs numpy, which BT_SANDBOX_PACKAGES does",
        ),
        (["assert (two() == 2, 'wrong')"], "needs-help: `assert (two() == 2, 'wrong')` can never fail"),
    ],
)
def test_a_task_that_will_be_set_aside_is_told_before_the_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checks: list[str], said: str
) -> None:
    task = {"id": "needs-help", "name": "Two", "goal": "Write two().", "entry_point": "two", "checks": checks}
    (tmp_path / "tasks.json").write_text(json.dumps([task]), encoding="utf-8")
    monkeypatch.setenv("BT_TASKS", str(tmp_path / "tasks.json"))
    found = by_name(cli("doctor", *QUICK, "--memory", tmp_path / "m", "--json"))["tasks"]
    assert found["level"] == "warning"
    assert said in found["said"]
