"""The loop as a person starts it: nights on the rehearsal model, stops, kills, servers that come and go."""

import json
import re
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from memory.attempts import AttemptResult, Verdict
from memory.events import Finished
from memory.signatures import signatures
from tests.running import Ran, cli, events, finish, logged, loop, serving, start, wait_for

QUICK = ("--sandbox", "process")


def night(memory: Path, *options: str | Path) -> Ran:
    ran = loop("--llm", "rehearsal", "--memory", memory, "--seed", "11", *QUICK, *options)
    assert ran.code == 0, ran.err
    return ran


MEASURED = re.compile(
    r'"(at|timestamp|wall_s|cpu_s|peak_mb|model_wall_s|model_s|sandbox_s|total_s|speed|points|efficiency_score|prev|score_sd)":[^,}]+'
)


EXPECTED_SCORE = re.compile(r'"score":\{"control":[^}]+\}')


def without_measures(memory: Path) -> list[str]:
    """The log, but for what was measured."""
    lines = (memory / "events" / "000001.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not re.search(r'"kind":"(?:run_|restarted)', line)]
    return [re.sub(r'"seq":\d+', "", MEASURED.sub("", EXPECTED_SCORE.sub("", line))) for line in kept]


def test_a_rehearsal_night_ends_with_a_summary_and_right_views(tmp_path: Path) -> None:
    ran = night(tmp_path / "m", "--cycles", "12")
    assert "This is a rehearsal: a simulated model" in ran.out
    assert "Ended: 12 attempts done." in ran.out
    assert re.search(r"Tried 12: \d+ passed first time, \d+ after repair, \d+ failed, 0 ungraded", ran.out)
    assert f"Memory: {tmp_path / 'm'}" in ran.out
    assert len(re.findall(r"^ +\d+/12  (?:passed|failed)", ran.out, re.MULTILINE)) == 12
    assert "\x1b" not in ran.out
    assert cli("rebuild", "--check", "--memory", tmp_path / "m").out == "The views are as the log says.\n"


def test_every_unit_leaves_its_replies_code_belog_reflection_and_score(tmp_path: Path) -> None:
    night(tmp_path, "--cycles", "6")
    for finished in events(tmp_path, "finished"):
        result, belog = finished["result"], finished["belog"]
        task = belog["task_id"]
        attempt = next((tmp_path / "code_archive").glob(f"{task}*/attempt-0001"))
        assert len(list(attempt.glob("reply-*.json"))) == len(result["turns"]) + 1
        assert {path.name for path in attempt.glob("turn-*.py")} == {t["code_file"] for t in result["turns"]} - {""}
        called = {t["code_file"] for t in result["turns"] if t["verdict"] and t["verdict"]["calls"]}
        crossed = {path.name.replace(".calls.jsonl", ".py"): path for path in attempt.glob("turn-*.calls.jsonl")}
        assert crossed.keys() == called
        assert all(json.loads(line)["call"] for path in crossed.values() for line in path.read_text().splitlines())
        assert not any(t["verdict"]["transcript"] for t in result["turns"] if t["verdict"])
        assert result["reflection"] is not None
        assert result["score"]["difficulty"] > 0
        kept = json.loads((tmp_path / "belogs" / "000000" / f"{result['unit_id']}.json").read_text())
        assert kept == belog


def test_every_unit_that_failed_on_the_way_has_mistakes_in_the_log(tmp_path: Path) -> None:
    night(tmp_path, "--cycles", "4")
    logged_units = events(tmp_path, "finished")
    mistakes = {unit["result"]["unit_id"]: tuple(unit["mistakes"]) for unit in logged_units}
    results = [AttemptResult.model_validate(unit["result"]) for unit in logged_units]
    assert mistakes == {result.unit_id: signatures(result) for result in results}
    failed = {each.unit_id for each in results if any(v is None or v.outcome == "failed" for v in verdicts(each))}
    assert {unit for unit, made in mistakes.items() if made} == failed != set()
    without = {name: value for name, value in logged_units[0].items() if name != "mistakes"}
    assert Finished.model_validate(without).mistakes == ()  # as in logs of before there were any


def verdicts(result: AttemptResult) -> list[Verdict | None]:
    return [turn.verdict for turn in result.turns]


def test_the_same_seed_decides_and_judges_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        night(tmp_path / name, "--cycles", "8")
    assert without_measures(tmp_path / "a") == without_measures(tmp_path / "b")


def test_sigterm_parks_and_the_same_command_finishes_the_same_units(tmp_path: Path) -> None:
    with serving("-m utils.rehearsal", "--port", "0", "--latency", "3") as url:
        process = start(
            "loop.py", "--llm", url, "--memory", tmp_path, "--seed", "1", "--workers", "2", *QUICK, "--cycles", "2"
        )
        wait_for(lambda: logged(tmp_path, "decided") == 2)
        process.send_signal(signal.SIGTERM)
        ran = finish(process, timeout_s=8)
    assert ran.code == 0
    assert "SIGTERM: parking what is under way" in ran.out
    assert "2 parked: the same command goes on with them." in ran.out
    with serving("-m utils.rehearsal", "--port", "0") as url:
        again = loop("--llm", url, "--memory", tmp_path, "--workers", "2", *QUICK, "--cycles", "1")
    assert "2 parked attempts are finished first" in again.out
    decided = [each["spec"] for each in events(tmp_path, "decided")]
    finished = {each["result"]["unit_id"] for each in events(tmp_path, "finished")}
    assert {spec["unit_id"] for spec in decided} == finished


def test_a_second_signal_leaves_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    with serving("-m utils.rehearsal", "--port", "0", "--latency", "20") as url:
        process = start("loop.py", "--llm", url, "--memory", tmp_path, *QUICK)
        wait_for(lambda: logged(tmp_path, "decided") == 1)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert finish(process, timeout_s=5).code in (0, 128 + signal.SIGINT)
    assert cli("rebuild", "--check", "--memory", tmp_path).code == 0


def test_a_server_that_is_away_costs_no_task_anything(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}/v1"
    options = ("--model", "rehearsal (simulated)", "--memory", tmp_path, *QUICK, "--cycles", "2")
    process = start("loop.py", "--llm", url, *options)
    wait_for(lambda: logged(tmp_path, "decided") == 1)
    with serving("-m utils.rehearsal", "--port", port):
        ran = finish(process)
    assert ran.code == 0, ran.err
    assert len(events(tmp_path, "finished")) == 2
    assert "Ended: 2 attempts done." in ran.out


def test_a_recording_replays_to_the_same_night(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    night(tmp_path / "a", "--cycles", "4", "--record", record)
    ran = loop("--llm", f"replay:{record}", "--memory", tmp_path / "b", "--seed", "11", *QUICK, "--cycles", "4")
    assert ran.code == 0, ran.err
    outcomes = [
        [(each["result"]["outcome"], len(each["result"]["turns"])) for each in events(tmp_path / name, "finished")]
        for name in "ab"
    ]
    assert outcomes[0] == outcomes[1]
    assert "simulated rehearsal" not in ran.out


def own_tasks(path: Path, *ids: str) -> Path:
    rows: list[dict[str, Any]] = [
        {
            "id": each,
            "name": each,
            "goal": f"Write double_{number}(x), which returns 2 * x.",
            "entry_point": f"double_{number}",
            "checks": [{"name": "double", "code": f"assert double_{number}(4) == 8"}],
            "reference": f"def double_{number}(x):\n    return 2 * x\n",
        }
        for number, each in enumerate(ids)
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_once_takes_each_given_task_once_in_order(tmp_path: Path) -> None:
    first, second = own_tasks(tmp_path / "1.json", "b", "a"), own_tasks(tmp_path / "2.json", "c")
    ran = night(tmp_path / "m", "--tasks", first, "--tasks", second, "--schedule", "once", "--max-repairs", "0")
    assert "Ended: every task was tried once." in ran.out
    assert [each["spec"]["task_id"] for each in events(tmp_path / "m", "decided")] == ["b", "a", "c"]
    assert [len(each["result"]["turns"]) for each in events(tmp_path / "m", "finished")] == [1, 1, 1]


DOUBLE = {"name": "Double", "entry_point": "double", "reference": "def double(x):\n    return 2 * x\n"}
GENERATOR = "def inputs(rng):\n    while True:\n        yield rng.randint(0, 99),\n"
MODES: list[dict[str, Any]] = [
    {**DOUBLE, "id": "cases", "goal": "Write double(x).", "cases": ["double(2) == 4"], "generator": GENERATOR},
    {**DOUBLE, "id": "broken", "goal": "Write double(x).", "cases": ["double(2) == 4"],
     "generator": "def inputs(rng):\n    return 1 // 0\n"},
    {"id": "program", "name": "Double", "goal": "Print twice.", "program_cases": [{"stdin": "2", "stdout": "4"}]},
    {**DOUBLE, "id": "tests", "goal": "Write double(x).",
     "tests": "from solution import double\ndef test_two():\n    assert double(2) == 4\n"},
]  # fmt: skip


def test_every_mode_goes_through_a_night_and_a_broken_generator_costs_its_task_alone(tmp_path: Path) -> None:
    path, memory = tmp_path / "tasks.json", tmp_path / "m"
    path.write_text(json.dumps(MODES), encoding="utf-8")
    ran = night(memory, "--tasks", path, "--schedule", "once", "--max-repairs", "0")
    assert "Ended: every task was tried once, but for 1 in quarantine." in ran.out
    results = {each["belog"]["task_id"]: each["result"] for each in events(memory, "finished")}
    assert (results["tests"]["outcome"], results["tests"]["score"]) == ("ungraded", None)
    verdicts = {task: result["turns"][0]["verdict"] or {} for task, result in results.items()}
    assert verdicts["tests"]["cooperative"]
    assert verdicts["tests"]["outcome"] in ("passed", "failed")
    assert verdicts["cases"]["inputs_seed"] is not None
    assert [(each["task_id"], each["why"][:20]) for each in events(memory, "quarantined")] == [
        ("broken", "its generator failed")
    ]
    assert "broken is set aside before its first attempt: its generator failed" in ran.out
    assert "broken" not in results


def test_a_task_that_nobody_can_pass_or_fail_is_set_aside_before_any_attempt_of_it(tmp_path: Path) -> None:
    path, memory = tmp_path / "tasks.json", tmp_path / "m"
    two = {"name": "Two", "goal": "Write two().", "entry_point": "two"}
    path.write_text(
        json.dumps(
            [
                {**two, "id": "nobody-fails", "checks": ["assert (two() == 2, 'wrong')"]},
                {
                    **two,
                    "id": "nobody-passes",
                    "checks": ["assert two() == 2"],
                    "reference": "def two():\n    return 3",
                },
                {**two, "id": "sound", "checks": ["assert two() == 2"], "reference": "def two():\n    return 2"},
            ]
        ),
        encoding="utf-8",
    )
    ran = night(memory, "--tasks", path, "--schedule", "once", "--max-repairs", "0")
    aside = [line for line in ran.out.splitlines() if "is set aside before its first attempt" in line]
    assert [line.split()[0] for line in aside] == ["nobody-fails", "nobody-passes"]
    assert [each["spec"]["task_id"] for each in events(memory, "decided")] == ["sound"]
    tried = [(each["task_id"], each["sound"], len(each["task_digest"])) for each in events(memory, "validated")]
    assert tried == [("nobody-fails", False, 64), ("nobody-passes", False, 64), ("sound", True, 64)]
    assert cli("evidence", "--verify", "--memory", memory).code == 0
    again = night(memory, "--tasks", path, "--schedule", "once", "--max-repairs", "0")
    assert "set aside" not in again.out


def test_a_persons_task_comes_first_and_without_checks_it_is_ungraded(tmp_path: Path) -> None:
    assert (
        cli("add-task", "Build a GUI downloader", "--difficulty", "0.7", "--priority", "1", "--memory", tmp_path).code
        == 0
    )
    check = ("--entry-point", "twice", "--check", "assert twice(2) == 4")
    cli("add-task", "Write twice(x).", "--priority", "5", *check, "--memory", tmp_path)
    night(tmp_path, "--cycles", "3")
    decided = [each["spec"]["task_id"] for each in events(tmp_path, "decided")]
    finished = [each["result"] for each in events(tmp_path, "finished")]
    assert [task.startswith("task_") for task in decided] == [True, True, False]
    assert [each["outcome"] for each in finished][:2] == ["failed", "ungraded"]
    assert finished[1]["score"] is None


def test_a_task_added_while_the_loop_runs_is_tried_in_the_same_run(tmp_path: Path) -> None:
    with serving("-m utils.rehearsal", "--port", "0", "--latency", "0.3") as url:
        process = start("loop.py", "--llm", url, "--memory", tmp_path, *QUICK, "--cycles", "6", "--max-repairs", "0")
        wait_for(lambda: logged(tmp_path, "decided") >= 1)
        added = cli("add-task", "Say hello", "--memory", tmp_path)
        assert finish(process).code == 0
    task = added.out.split()[0]
    assert task in [each["spec"]["task_id"] for each in events(tmp_path, "decided")]


def test_touch_stop_ends_the_run_and_says_so(tmp_path: Path) -> None:
    process = start("loop.py", "--llm", "rehearsal", "--memory", tmp_path, *QUICK)
    wait_for(lambda: logged(tmp_path, "finished") >= 1)
    (tmp_path / "stop").touch()
    ran = finish(process)
    assert (ran.code, "stop was made" in ran.out) == (0, True)
    assert events(tmp_path, "run_ended")[-1]["reason"].endswith("stop was made")


def test_two_loops_do_not_share_a_memory(tmp_path: Path) -> None:
    process = start("loop.py", "--llm", "rehearsal", "--memory", tmp_path, *QUICK)
    wait_for(lambda: logged(tmp_path, "finished") >= 1)
    second = loop("--llm", "rehearsal", "--memory", tmp_path, *QUICK)
    process.send_signal(signal.SIGTERM)
    finish(process)
    assert second.code == 2
    assert re.fullmatch(r"error: .* is in use by `loop.py` \(process \d+ on .*\n", second.err)


def test_an_analysis_names_a_weakness_every_so_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BT_ANALYSE_EVERY", "5")
    night(tmp_path, "--cycles", "6")
    first = json.loads((tmp_path / "advanced" / "builder_analysis_000001.json").read_text())
    assert first["units"] == 5
    assert first["weakest"] in first["summary"]
    summary = json.loads((tmp_path / "task_memory" / "summary_000001.json").read_text())
    assert summary["text"] == first["summary"]


BAD = {
    "cycles of nothing": (("--cycles", "0"), "--cycles"),
    "a word for a number": (("--cycles", "many"), "--cycles"),
    "no such option": (("--cycle", "3"), "--cycle"),
    "a time of day that is none": (("--until", "25:00"), "--until"),
    "hours that are no number": (("--hours", "nan"), "--hours"),
    "a sandbox of another name": (("--sandbox", "chroot"), "--sandbox"),
    "a schedule of another name": (("--schedule", "random"), "--schedule"),
    "a task file that is missing": (("--tasks", "nowhere.jsonl"), "nowhere.jsonl"),
    "a task file that is a folder": (("--tasks", "."), "directory"),
    "a URL that is none": (("--llm", "http://[::1"), "[::1"),
    "a replay file that is missing": (("--llm", "replay:nowhere.jsonl"), "nowhere.jsonl"),
    "too many workers": (("--workers", "1000"), "--workers"),
    "a negative seed": (("--seed", "-1"), "--seed"),
    "a real model in a mere process": (("--llm", "http://127.0.0.1:9", "--sandbox", "nowhere"), "--sandbox"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "named"), BAD.values(), ids=BAD.keys())
def test_bad_input_gets_one_line_that_names_it_and_exit_code_2(
    tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    ran = loop("--memory", tmp_path / "m", *options)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("error: ")
    assert named in ran.err


def test_another_seed_for_an_old_memory_is_refused(tmp_path: Path) -> None:
    night(tmp_path, "--cycles", "1")
    ran = loop("--llm", "rehearsal", "--memory", tmp_path, "--seed", "12", *QUICK, "--cycles", "1")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "begun with another seed" in ran.err


def test_a_folder_of_something_else_is_not_turned_into_a_memory(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    ran = loop("--llm", "rehearsal", "--memory", tmp_path, *QUICK, "--cycles", "1")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("writer")) == ["letters.txt"]
