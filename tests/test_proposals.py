"""Nights in which the Trainer makes tasks of its own, and proposals with planted faults in a row."""

import json
from pathlib import Path

import pytest

from benchmarks.bench_proposals import faults, judge_all
from executor.choose_sandbox import choose_sandbox
from memory.task_sources import built_in_curriculum
from tests.running import Ran, cli, cli_json, events, loop, serving
from utils.rehearsal.draws import Draws
from utils.rehearsal.proposing import Fault
from utils.rehearsal.recipes import draw_recipe

FEW = ("lists-chunks", "strings-caesar-wrap")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A file with two tasks: with the Trainer's own they are soon in the minority."""
    rows = [task.model_dump(mode="json") for task in built_in_curriculum() if task.id in FEW]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def night(memory: Path, tasks: Path, *options: str) -> Ran:
    ran = loop("--llm", "rehearsal", "--memory", memory, "--seed", "11", "--tasks", tasks, *options)
    assert ran.code == 0, ran.err
    return ran


def test_a_night_makes_tasks_tries_them_and_can_be_decided_again(
    tmp_path: Path, few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_PROPOSE_EVERY", "1")
    monkeypatch.setenv("BT_CPU_S", "1")
    one, other = tmp_path / "one", tmp_path / "other"
    night(one, few, "--cycles", "5")
    night(other, few, "--cycles", "3")
    proposed = events(one, "task_proposed")
    made = [each["task_id"] for each in proposed if each["flaw"] is None]
    assert [each["number"] for each in proposed] == list(range(1, len(proposed) + 1))
    assert [each["task"]["id"] for each in events(one, "task_added") if each["by"] == "trainer"] == made
    assert {each["spec"]["task_id"] for each in events(one, "decided")} & set(made)
    again = events(other, "task_proposed")
    assert 2 <= len(again) < len(proposed)
    assert again == proposed[: len(again)]
    assert cli_json("evidence", "--verify", "--memory", one)["right"]
    assert cli("rebuild", "--check", "--memory", one).code == 0
    night(one, few, "--cycles", "1")
    assert set(made) <= set(events(one, "run_started")[-1]["tasks"])


def test_without_being_asked_for_nothing_is_proposed(tmp_path: Path, few: Path) -> None:
    night(tmp_path / "m", few, "--cycles", "3")
    assert events(tmp_path / "m", "task_proposed") == []


def test_a_model_that_knows_no_json_mode_proposes_over_http(
    tmp_path: Path, few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_PROPOSE_EVERY", "1")
    monkeypatch.setenv("BT_CPU_S", "1")
    with serving("-m utils.rehearsal", "--port", "0", "--tasks", few) as url:
        ran = loop("--llm", url, "--memory", tmp_path / "m", "--sandbox", "process", "--tasks", few, "--cycles", "3")
    assert ran.code == 0, ran.err
    assert len(events(tmp_path / "m", "task_proposed")) == 2


def test_a_persons_task_gets_checks_that_count_once_they_are_confirmed(
    tmp_path: Path, few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_PROPOSE_EVERY", "1")
    monkeypatch.setenv("BT_CPU_S", "1")
    memory, recipe = tmp_path / "m", draw_recipe("lists", Draws("test", 3))
    night(memory, few, "--cycles", "1")
    goal = recipe.goal("squeeze", skill="lists")
    task = cli_json("add-task", goal, "--skill", "lists", "--priority", "3", "--memory", memory)["id"]
    refused = cli("confirm-task", task, "--memory", memory)
    assert (refused.code, f"no checks are proposed for {task}" in refused.err) == (2, True)
    night(memory, few, "--cycles", "2")

    shown = cli("get-task", task, "--memory", memory).out
    found = cli_json("get-task", task, "--memory", memory)
    assert "Proposed by the model, not confirmed, and counting for nothing yet (squeeze):" in shown
    assert "\n  squeeze([]) == " in shown or "\n  raises(ValueError, squeeze, [])" in shown
    assert recipe.source("squeeze") in shown
    assert (found["task"]["cases"], found["task"]["reference"]) == ([], None)
    assert {each["outcome"] for each in found["latest"]} == {"ungraded"}
    assert cli("confirm-task", task, "--memory", memory).out == f"{task} is graded by 14 checks from now on\n"
    found = cli_json("get-task", task, "--memory", memory)
    assert (found["proposed"], len(found["task"]["cases"]), found["task"]["priority"]) == (None, 14, 3)
    assert found["task"]["origin"] == "user"
    assert cli("rebuild", "--check", "--memory", memory).code == 0


def test_of_proposals_with_planted_faults_none_is_trusted_and_the_good_ones_are() -> None:
    """`make bench-proposals` does the same with 200; every fault is among these."""
    wanted = faults(5, 7)
    sandbox = choose_sandbox("auto", trusted_code_only=True)
    try:
        found = judge_all(wanted, sandbox, seed=4)
    finally:
        sandbox.close()
    assert set(wanted) == set(Fault)
    assert found.count(faulty=True, trusted=True) == 0, found.missed
    assert found.count(faulty=False, trusted=True) >= 0.9 * found.count(faulty=False), found.missed
