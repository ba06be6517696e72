"""Nights that nobody watches: steered from outside, ended with their reason, gone on with after a stop."""

import json
import signal
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from builder.run_project import Attempt
from executor.runner import Runner
from executor.simulated_assessor import SimulatedSandbox
from loop import Loop, assemble  # noqa: TID251  no command can make it fail
from memory.inbox import Wish, leave
from memory.run_wishes import Pause
from tests.listening import listening
from tests.running import Ran, cli, events, finish, lines, logged, loop, start, start_fresh, wait_for
from trainer.opened import open_memory
from utils.clock import SystemClock
from utils.commands.flights import SilentDisplay  # noqa: TID251  it shows nothing
from utils.settings import load_settings
from utils.stopping import Standing, Stop

QUICK = ("--llm", "rehearsal", "--sandbox", "process", "--max-repairs", "0")


def test_a_night_is_paused_steered_and_gone_on_with_and_its_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "m"
    with listening() as listener:
        monkeypatch.setenv("BT_NOTIFY_WEBHOOK", f"{listener.url}/s3cret")
        monkeypatch.setenv("BT_METRICS_PORT", "0")
        monkeypatch.setenv("BT_STUCK_S", "0.01")  # some step always takes longer
        process = start_fresh("loop.py", *QUICK, "--memory", memory, "--cycles", "4", "--seed", "2")
        assert process.stdout is not None
        head = next(line for line in process.stdout if line.startswith("Metrics: "))
        wait_for(lambda: logged(memory, "finished") >= 1)
        leave(memory, Wish(by="somebody", run=(Pause(),)), at="2026")
        wait_for(lambda: logged(memory, "paused") == 1 and logged(memory, "finished") == logged(memory, "decided"))
        tried = events(memory, "finished")[0]["belog"]["task_id"]
        answers = [
            cli(*command, "--memory", memory)
            for command in (("pause",), ("requeue", tried), ("priority", tried, "7"), ("rules", "add", "Read twice."))
        ]
        wait_for(lambda: logged(memory, "rule_added") == 1)
        with urllib.request.urlopen(head.split()[1], timeout=10) as answer:
            scraped = answer.read().decode()
        unknown = [cli(*command, "--memory", memory) for command in (("requeue", "none"), ("priority", "none", "1"))]
        too_much = cli("priority", tried, "1001", "--memory", memory)
        assert cli("resume", "--memory", memory).code == 0
        ran = finish(process)
    assert [each.code for each in answers] == [0, 0, 0, 0]
    assert [(each.code, "there is no task 'none'" in each.err) for each in unknown] == [(2, True), (2, True)]
    assert too_much.code == 2
    assert ran.code == 0, ran.err
    kinds = [(each["data"]["kind"], each["data"]) for each in lines(memory)]
    names = [kind for kind, _ in kinds]
    begun, over = names.index("paused"), names.index("continued")
    assert "decided" not in names[begun:over]
    assert "faulted" not in names
    after = next(data for kind, data in kinds[over:] if kind == "decided")
    assert (after["spec"]["task_id"], after["why"]) == (tried, "asked for again by a person, priority 7")
    told = ran.out.splitlines()
    for line in (
        "somebody: paused: what is under way is finished, nothing new is begun until `python utils/cli.py resume`",
        f"utils/cli.py: {tried} is in the queue again",
        f"utils/cli.py: {tried} has priority 7 now",
        "utils/cli.py: a rule is brought in: Read twice.",
    ):
        assert told.count(line) == 1, ran.out
    assert [line for line in told if line.startswith("utils/cli.py: not done: the run has been paused since ")]
    assert [line for line in told if line.startswith("utils/cli.py: going on after a pause of ")]
    assert "builder_trainer_paused 1.0" in scraped
    assert [line for line in told if line.startswith("stuck? ")]
    assert "loop.py" in (memory / "logs" / "stuck.txt").read_text(encoding="utf-8")
    *troubles, message = [json.loads(posted.body) for posted in listener.posted]
    assert {trouble["occasion"] for trouble in troubles} <= {"trouble"}
    assert message["title"] == "Builder-Trainer ended: 4 attempts done"
    assert "Tried 4: " in message["text"]
    kept = b"".join(path.read_bytes() for path in memory.rglob("*") if path.is_file())
    assert b"s3cret" not in kept
    assert cli("rebuild", "--check", "--memory", memory).code == 0
    assert cli("evidence", "--verify", "--memory", memory).code == 0
    idle = cli("pause", "--memory", memory)
    assert (idle.code, "no loop is running" in idle.err) == (2, True)


def test_a_terminated_run_is_gone_on_with_within_its_own_limits_and_an_ended_one_is_not(tmp_path: Path) -> None:
    options = (*QUICK, "--memory", tmp_path, "--cycles", "3", "--resume", "on")
    process = start("loop.py", *options)
    wait_for(lambda: logged(tmp_path, "finished") >= 1)
    process.send_signal(signal.SIGTERM)
    stopped = finish(process)
    assert (stopped.code, "Ended: SIGTERM received." in stopped.out) == (143, True)
    assert not events(tmp_path, "run_ended")
    ran = loop(*options, "--resume", "only")
    assert ran.code == 0, ran.err
    assert "run 1 did not say that it ended: its last word was at 20" in ran.out
    assert len(events(tmp_path, "finished")) == 3
    assert [each["reason"] for each in events(tmp_path, "run_ended")] == ["3 attempts done"]
    over = loop(*options, "--resume", "only")
    assert (over.code, over.out) == (0, "no run was interrupted: there is nothing to go on with\n")
    assert len(events(tmp_path, "run_resumed")) == 1


def test_a_container_has_one_run_and_rests_after_it_until_there_is_another_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = (*QUICK, "--memory", tmp_path, "--cycles", "2", "--resume", "container")

    def lived(container: str) -> Ran:
        monkeypatch.setenv("BT_CONTAINER", container)
        process = start_fresh("loop.py", *options)
        assert process.stdout is not None
        out = "".join(iter(process.stdout.readline, "The container rests; its memory is free for other programs.\n"))
        health = cli("health", "--or-over", "--memory", tmp_path)
        assert (health.code, health.out) == (0, f"the latest run at {tmp_path} has ended\n")
        process.send_signal(signal.SIGTERM)
        return replace(finish(process), out=out)

    monkeypatch.setenv("BT_CONTAINER", "one")
    process = start("loop.py", *options)
    wait_for(lambda: logged(tmp_path, "finished") >= 1)
    process.send_signal(signal.SIGTERM)
    assert finish(process).code == 143
    assert cli("health", "--or-over", "--memory", tmp_path).code == 1
    over, again, another = lived("one"), lived("one"), lived("another")
    assert [each.code for each in (over, again, another)] == [0, 0, 0]
    assert "Ended: 2 attempts done" in over.out
    assert again.out == "the run of this container is over; a new container begins a new one\n"
    assert "Ended: 2 attempts done" in another.out
    assert [logged(tmp_path, kind) for kind in ("run_started", "run_resumed", "run_ended")] == [2, 1, 2]


def test_a_disk_that_is_nearly_full_ends_the_run_with_that_as_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_DISK_RESERVE_MB", "9999999")
    ran = loop(*QUICK, "--memory", tmp_path)
    assert ran.code == 0
    [ended] = events(tmp_path, "run_ended")
    assert ended["reason"].startswith("the disk is nearly full: ")
    assert "and 9999999 are to stay free (BT_DISK_RESERVE_MB)" in ended["reason"]
    assert "Ended: the disk is nearly full" in ran.out


def test_a_defect_of_the_program_ends_the_run_with_that_as_its_reason_and_a_summary(tmp_path: Path) -> None:
    def defect(_: Standing) -> str | None:
        raise ZeroDivisionError("oh")

    settings = load_settings(memory=tmp_path, llm="rehearsal", sandbox="process")
    clock = SystemClock()
    with ExitStack() as stack:
        opened = open_memory(settings, clock, stack)
        parts = assemble(settings, opened, SilentDisplay(), clock, stack, sandbox_of=lambda *_: SimulatedSandbox())
        night = Loop(
            replace(parts, stop=Stop(defect)), Runner[Attempt](stack.enter_context(ThreadPoolExecutor(1)), workers=1)
        )
        summary = night.run()
    assert (night.failed, summary.stop_reason) == (True, "a defect of this program (ZeroDivisionError: oh)")
    assert [each["reason"] for each in events(tmp_path, "run_ended")] == [summary.stop_reason]
