"""Faults in the middle of a night: what they are about waits, is told once, and is finished later as it was decided."""

import json
import os
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.engine_door import engine_door
from tests.memory.builders import fill, small_disk
from tests.running import Ran, cli, events, finish, logged, loop, replies, serving, start, wait_for
from tests.utils.quirky_server import (
    Exchange,
    Quirk,
    QuirkyServer,
    chunks,
    delta,
    drops,
    event,
    hangs,
    refuses,
    resets,
    says,
    unless,
    usage,
)

QUICK = ("--sandbox", "process")
ONCE = ("--schedule", "once", "--max-repairs", "0")
NAME = "quirky-7b"


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is made once before its unit is parked, and the waits between are short: hours pass in seconds."""
    for name, value in (("PATIENCE_S", "0.1"), ("FAULT_WAIT_S", "0.1"), ("STALL_S", "0.5")):
        monkeypatch.setenv(f"BT_{name}", value)


def tasks(folder: Path, count: int) -> Path:
    """A file of tasks that `solves` solves: double_0, double_1, ..."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"double-{number}",
            "name": f"double {number}",
            "goal": f"Write double_{number}(x), which returns 2 * x.",
            "entry_point": f"double_{number}",
            "checks": [{"name": "double", "code": f"assert double_{number}(4) == 8"}],
            "reference": f"def double_{number}(x):\n    return 2 * x\n",
        }
        for number in range(count)
    ]
    path = folder / "tasks.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def wanted(body: Any) -> str:
    """The function that a request asks for."""
    found = re.findall(r"double_\d+", body["messages"][-1]["content"])
    return str(found[-1])


def solves(exchange: Exchange, *, name: str = NAME) -> None:
    """The right answer, whichever task is asked for, by a model of this name; for one worker."""
    body = exchange.server.owner.requests[-1].body
    code = f"```python\ndef {wanted(body)}(x):\n    return 2 * x\n```"
    chunks(*[chunk | {"model": name} for chunk in (delta(content=code), delta("stop"))])(exchange)


def night(server: QuirkyServer, folder: Path, *, count: int) -> tuple[str | Path, ...]:
    """The options of a night that takes each task once."""
    return (
        "--llm", server.url, "--model", NAME, "--tasks", tasks(folder, count), "--memory", folder / "m", *QUICK, *ONCE,
    )  # fmt: skip


def decided(memory: Path) -> list[str]:
    """The units, each as often as it was decided."""
    return sorted(each["spec"]["unit_id"] for each in events(memory, "decided"))


def finished(memory: Path) -> list[str]:
    """The units, each as often as it was finished."""
    return sorted(each["result"]["unit_id"] for each in events(memory, "finished"))


def assert_each_was_finished_as_it_was_decided(memory: Path, ran: Ran, *, count: int) -> None:
    assert ran.code == 0, ran.err
    assert decided(memory) == finished(memory)
    assert len(set(decided(memory))) == len(finished(memory)) == len(replies(memory)) == count
    assert [each["result"]["outcome"] for each in events(memory, "finished")] == ["passed"] * count
    assert cli("rebuild", "--check", "--memory", memory).code == 0


FAULTS: dict[str, tuple[Quirk, str]] = {
    "busy": (refuses(429), "HTTP 429"),
    "an error": (refuses(500), "HTTP 500"),
    "a connection that ends before an answer": (resets, "the connection broke"),
    "a connection that ends in mid-answer": (drops(event(delta(content="def"))), "the connection broke"),
    "a stream that stalls": (hangs(event(delta(content="def"))), "not a byte for 0.5 s"),
    "an empty reply": (says(""), "an empty reply"),
    "a reply cut off early": (says("def double", finish="length"), "cut the answer off long before 2048 tokens"),
    "a wrong key": (refuses(401), "refuses the API key"),
    "an unknown model": (refuses(404, {"error": "model not found"}), "does not have this model"),
}


def test_a_unit_that_meets_a_fault_twice_waits_is_told_of_once_and_is_asked_for_in_the_same_words(
    tmp_path: Path,
) -> None:
    quirks = [quirk for fault, _ in FAULTS.values() for quirk in (fault, fault, solves)]
    with QuirkyServer(*quirks, models=(NAME,)) as server:
        ran = loop(*night(server, tmp_path, count=len(FAULTS)))
        asked = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
    assert_each_was_finished_as_it_was_decided(tmp_path / "m", ran, count=len(FAULTS))
    assert list(asked.values()) == [3] * len(FAULTS)
    told = [each["message"] for each in events(tmp_path / "m", "faulted")]
    expected = [words for _, words in FAULTS.values()]
    assert [words in message for words, message in zip(expected, told, strict=True)] == [True] * len(FAULTS)


def test_an_outage_of_many_waits_is_told_once_and_costs_no_task_anything(tmp_path: Path) -> None:
    away = 20  # with the usual waits more than an hour and a half
    with QuirkyServer(solves, *[refuses(503)] * away, solves) as server:
        ran = loop(*night(server, tmp_path, count=3))
        assert len(server.requests) == 3 + away
    assert_each_was_finished_as_it_was_decided(tmp_path / "m", ran, count=3)
    assert len(events(tmp_path / "m", "faulted")) == 1
    [recovered] = events(tmp_path / "m", "recovered")
    assert recovered["away_s"] > 0
    assert ran.out.count("it is back after ") == 1
    assert set(Counter(each["unit_id"] for each in events(tmp_path / "m", "parked")).values()) == {1}
    assert ran.out.count("nothing is counted against it") == 1


def test_a_server_that_is_killed_and_started_again_in_mid_night_is_waited_for(tmp_path: Path) -> None:
    options = ("--model", "rehearsal (simulated)", "--memory", tmp_path, *QUICK, "--cycles", "5", "--workers", "2")
    with serving("-m utils.rehearsal", "--port", "0", "--latency", "0.2") as url:
        process = start("loop.py", "--llm", url, *options)
        wait_for(lambda: logged(tmp_path, "finished") >= 1)
    wait_for(lambda: logged(tmp_path, "faulted") >= 1)
    time.sleep(5)  # some fifty waits
    with serving("-m utils.rehearsal", "--port", url.rpartition(":")[2].removesuffix("/v1")):
        ran = finish(process)
    assert ran.code == 0, ran.err
    assert decided(tmp_path) == finished(tmp_path)
    assert len(finished(tmp_path)) == 5
    faults = events(tmp_path, "faulted")  # a reply that was whole when the server died may end the first outage
    assert 1 <= len(faults) <= 2
    assert all(url in fault["message"] for fault in faults)


def test_a_prompt_that_does_not_fit_the_context_is_an_outcome_and_not_a_fault(tmp_path: Path) -> None:
    too_long = refuses(400, {"error": {"message": "Too long.", "code": "context_length_exceeded"}})
    with QuirkyServer(too_long, solves) as server:
        ran = loop(*night(server, tmp_path, count=2))
        assert len(server.requests) == 2
    assert ran.code == 0, ran.err
    first, second = [each["result"] for each in events(tmp_path / "m", "finished")]
    assert (first["outcome"], first["turns"]) == ("failed", [])
    assert first["ended"].startswith("the prompt does not fit into the model's context")
    assert ran.out.count("load the model with a larger context, or lower BT_REPLY_TOKENS") == 1
    assert second["outcome"] == "passed"
    assert not events(tmp_path / "m", "faulted")


def test_a_reply_cut_off_at_its_most_tokens_is_an_outcome_and_one_cut_off_before_is_asked_for_again(
    tmp_path: Path,
) -> None:
    at_most = chunks(delta(content="def double"), delta("length"), usage(100, 2048))
    before = chunks(delta(content="def double"), delta("length"), usage(100, 900))
    with QuirkyServer(at_most, before, solves) as server:
        ran = loop(*night(server, tmp_path, count=2))
        assert len(server.requests) == 3
    assert ran.code == 0, ran.err
    first, second = [each["result"] for each in events(tmp_path / "m", "finished")]
    assert (first["outcome"], first["turns"][0]["finish"]) == ("failed", "length")
    assert (second["outcome"], second["turns"][0]["finish"]) == ("passed", "stop")
    assert len(events(tmp_path / "m", "faulted")) == 1


def test_answers_of_another_model_that_was_loaded_in_mid_night_are_not_booked(tmp_path: Path) -> None:
    """The server answers whatever name it is asked for, as LM Studio and llama.cpp do, and says who it is."""
    other = partial(solves, name="other-9b")
    with QuirkyServer(solves, other, other, other, solves) as server:
        ran = loop(*night(server, tmp_path, count=3))
    assert_each_was_finished_as_it_was_decided(tmp_path / "m", ran, count=3)
    assert [reply["model"] for reply in replies(tmp_path / "m")] == [NAME] * 3
    [fault] = events(tmp_path / "m", "faulted")
    assert "other-9b" in fault["message"]


def test_a_request_that_is_never_answered_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """A server may crash at one prompt each time; the night is for the other tasks then."""
    poison = unless(lambda body: wanted(body) == "double_1", refuses(500), solves)
    with QuirkyServer(poison) as server:
        ran = loop(*night(server, tmp_path, count=4), timeout_s=30)
    assert ran.code == 0, ran.err
    verdicts = {each["belog"]["task_id"]: each["result"]["outcome"] for each in events(tmp_path / "m", "finished")}
    assert verdicts == {"double-0": "passed", "double-2": "passed", "double-3": "passed"}
    assert len(decided(tmp_path / "m")) == 4  # the fourth is left for another night, and for another server


def test_a_program_that_is_killed_while_it_waits_for_a_server_gives_up_no_unit(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}/v1"
    options = ("--model", "rehearsal (simulated)", "--memory", tmp_path, *QUICK, "--cycles", "2", "--workers", "2")
    for _ in range(3):
        begun = logged(tmp_path, "run_started") + logged(tmp_path, "run_resumed")
        process = start("loop.py", "--llm", url, *options)
        wait_for(lambda: logged(tmp_path, "run_started") + logged(tmp_path, "run_resumed") > begun)  # noqa: B023
        wait_for(lambda: logged(tmp_path, "parked") >= logged(tmp_path, "decided") + logged(tmp_path, "restarted"))
        time.sleep(1)  # some five waits
        process.kill()
        process.communicate()
    with serving("-m utils.rehearsal", "--port", port):
        ran = loop("--llm", url, *options)
    assert ran.code == 0, ran.err
    assert decided(tmp_path) == finished(tmp_path)
    assert len(finished(tmp_path)) == 2


@pytest.fixture
def bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bubblewrap of one's own, first on PATH."""
    found = shutil.which("bwrap")
    if found is None:
        pytest.skip("there is no bubblewrap here")
    (tmp_path / "bin").mkdir()
    own = Path(shutil.copy(found, tmp_path / "bin" / "bwrap"))
    monkeypatch.setenv("PATH", f"{own.parent}:{os.environ['PATH']}")
    return own


def assert_a_sandbox_is_waited_for(
    folder: Path, kind: str, *, take_away: Callable[[], object], bring_back: Callable[[], object]
) -> None:
    memory, record = folder / "m", folder / "record.jsonl"
    options = ("--llm", "rehearsal", "--sandbox", kind, "--seed", "3", "--cycles", "6")
    process = start("loop.py", *options, "--memory", memory, "--record", record)
    wait_for(lambda: logged(memory, "finished") >= 2)
    take_away()
    wait_for(lambda: logged(memory, "faulted") >= 1)
    time.sleep(1.5)  # some five waits
    bring_back()
    ran = finish(process)
    assert ran.code == 0, ran.err
    assert decided(memory) == finished(memory)
    assert len(finished(memory)) == 6
    [fault] = events(memory, "faulted")
    assert fault["fault"] == "SandboxFault"
    errors = [error["message"] for each in events(memory, "finished") for error in each["belog"]["errors_encountered"]]
    assert not [message for message in errors if kind in message]
    asked = [json.loads(line)["digest"] for line in record.read_bytes().splitlines()]
    assert len(set(asked)) == len(asked) == len(replies(memory))  # what came before the fault was kept


def test_a_sandbox_that_is_gone_in_mid_night_is_waited_for(
    tmp_path: Path, bubblewrap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_ISOLATION", "container")  # a slot that is there would not miss it
    aside = tmp_path / "aside"
    assert_a_sandbox_is_waited_for(
        tmp_path,
        "bubblewrap",
        take_away=lambda: bubblewrap.rename(aside),
        bring_back=lambda: aside.rename(bubblewrap),
    )


def test_a_sandbox_that_is_broken_in_mid_night_is_waited_for(
    tmp_path: Path, bubblewrap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_ISOLATION", "container")
    aside = tmp_path / "aside"

    def replace() -> None:
        bubblewrap.rename(aside)
        shutil.copy("/bin/false", bubblewrap)

    assert_a_sandbox_is_waited_for(
        tmp_path, "bubblewrap", take_away=replace, bring_back=lambda: aside.replace(bubblewrap)
    )


@pytest.mark.docker
def test_an_engine_that_stops_in_mid_night_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine_door(tmp_path / "engine.sock") as door:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'engine.sock'}")
        assert_a_sandbox_is_waited_for(tmp_path, "docker", take_away=door.close, bring_back=door.open)


def test_a_disk_that_is_full_in_mid_night_ends_the_run_and_with_room_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_DISK_RESERVE_MB", "0")
    with small_disk(tmp_path / "disk", kib=4096) as disk:
        command = ("loop.py", "--llm", "rehearsal", *QUICK, "--seed", "3", "--cycles", "8", "--memory", disk / "m")
        process = start(*command, "--record", tmp_path / "record-1.jsonl")
        wait_for(lambda: logged(disk / "m", "finished") >= 2)
        filler = fill(disk)
        full = finish(process)
        filler.unlink()
        assert full.code == 1
        assert "No space left on device" in full.out
        assert "Traceback" not in full.out + full.err
        assert not events(disk / "m", "run_ended")
        ran = finish(start(*command, "--record", tmp_path / "record-2.jsonl"))
        assert ran.code == 0, ran.err
        assert decided(disk / "m") == finished(disk / "m")
        assert len(finished(disk / "m")) == 8
        assert cli("rebuild", "--check", "--memory", disk / "m").code == 0
    asked = [line for name in ("1", "2") for line in (tmp_path / f"record-{name}.jsonl").read_bytes().splitlines()]
    digests = [json.loads(line)["digest"] for line in asked]
    assert len(digests) - len(set(digests)) <= 1  # the one that the full disk could not keep
