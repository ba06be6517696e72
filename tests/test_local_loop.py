"""`--llm gguf:FILE` as a person types it, with a stand-in for llama.cpp's server (the real one: test_local_model)."""

import json
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Forked
from tests.running import CHECKOUT, Ran, cli, events, finish, logged, loop, start, start_fresh, wait_for

STAND_IN = CHECKOUT / "tests" / "utils" / "llama_stand_in"
QUICK = ("--sandbox", "process", "--max-repairs", "0", "--seed", "11")


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.setenv("BT_FAULT_WAIT_S", "0.2")


def model_file(folder: Path, **troubles: Any) -> Path:
    path = folder / "tiny.gguf"
    path.write_bytes(b"GGUF" + json.dumps(troubles).encode())
    return path


def argv(model: Path, *options: str) -> tuple[str | Path, ...]:
    return ("--llm", f"gguf:{model}", "--memory", model.parent / "memory", *QUICK, *options)


def night(model: Path, *options: str) -> Ran:
    return loop(*argv(model, *options))


def begun(model: Path, *options: str) -> Forked:
    return start("loop.py", *argv(model, *options))


def lives(model: Path) -> list[dict[str, Any]]:
    """Every start of the server, with its process, options and environment."""
    return [json.loads(line) for line in model.with_suffix(".lives").read_text().splitlines()]


def asked(model: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in model.with_suffix(".asked").read_text().splitlines()]


def running(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_file_is_served_for_a_night_and_no_longer(tmp_path: Path) -> None:
    model = model_file(tmp_path)
    ran = night(model, "--cycles", "3")
    assert (ran.code, ran.err) == (0, "")
    assert "Model: tiny\n" in ran.out
    assert len(events(tmp_path / "memory", "finished")) == len(asked(model)) == 3
    [life] = lives(model)
    assert not running(life["pid"])
    options = life["options"]
    assert options["--n_ctx"] == "8192"
    assert options["--host"] == "127.0.0.1"
    assert options["--interrupt_requests"] == options["--logits_all"] == "false"


def test_nothing_but_temperature_and_top_p_decides_how_the_model_draws(tmp_path: Path) -> None:
    model = model_file(tmp_path)
    night(model, "--cycles", "1")
    [body] = asked(model)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k", "min_p", "repeat_penalty")} == {
        "temperature": 0.2, "top_p": 0.95, "top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0,
    }  # fmt: skip
    assert 0 <= body["seed"] < 2**31


def test_the_settings_reach_the_server_and_the_environment_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOST", "PORT", "SEED", "CONFIG_FILE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("BT_CONTEXT_TOKENS", "4096")
    monkeypatch.setenv("BT_LOCAL_OPTIONS", "--n_threads 3 --host 0.0.0.0")
    model = model_file(tmp_path)
    assert night(model, "--cycles", "1", "--model=-my model").code == 0
    [life] = lives(model)
    options = life["options"]
    chosen = [options[f"--{name}"] for name in ("n_ctx", "n_threads", "host", "model_alias")]
    assert chosen == ["4096", "3", "127.0.0.1", "-my model"]
    assert set(life["environment"].values()) == {None}


def test_a_server_that_dies_in_mid_night_parks_the_attempt_and_is_started_again(tmp_path: Path) -> None:
    model = model_file(tmp_path, deadly=[2])
    ran = night(model, "--cycles", "3")
    assert (ran.code, ran.err) == (0, "")
    [fault] = events(tmp_path / "memory", "faulted")
    assert fault["message"].startswith("the server of tiny ended by SIGKILL; the system may have run out of memory")
    assert len(events(tmp_path / "memory", "parked")) == 1
    assert len(events(tmp_path / "memory", "finished")) == 3
    assert len(asked(model)) == 4
    assert [running(life["pid"]) for life in lives(model)] == [False, False]


def test_a_loop_that_is_killed_takes_the_server_with_it(tmp_path: Path) -> None:
    model = model_file(tmp_path, hangs=[2])
    process = begun(model)
    wait_for(lambda: model.with_suffix(".asked").exists() and len(asked(model)) == 2)
    [life] = lives(model)
    assert running(life["pid"])
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not running(life["pid"]), timeout_s=5)


def test_ctrl_c_on_the_terminal_parks_the_attempt_before_the_server_ends(tmp_path: Path) -> None:
    model = model_file(tmp_path, hangs=[2])
    process = begun(model)
    wait_for(lambda: logged(tmp_path / "memory", "finished") == 1 and len(asked(model)) == 2)
    [life] = lives(model)
    assert os.getpgid(life["pid"]) != os.getpgid(process.pid)  # a terminal's Ctrl-C goes to the loop's group
    process.send_signal(signal.SIGINT)
    ran = finish(process, timeout_s=15)
    assert ran.code == 0, ran.err
    [parked] = events(tmp_path / "memory", "parked")
    assert "asked to stop" in parked["reason"]
    assert not running(life["pid"])
    assert len(lives(model)) == 1


def test_a_file_that_cannot_be_loaded_is_told_in_one_line_and_in_full_in_the_log(tmp_path: Path) -> None:
    model = model_file(tmp_path, refuses="Failed to load model from file")
    refused(night(model), "ended with exit code 1 (ValueError: Failed to load model from file); all that it said is in")
    log = (tmp_path / "memory" / "logs" / "model-server.log").read_text()
    assert log.startswith("Traceback")
    assert log.endswith("ValueError: Failed to load model from file\n")


def test_a_file_that_takes_too_long_to_load_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BT_FIRST_TOKEN_S", "1.5")
    model = model_file(tmp_path, loads_s=60)
    refused(night(model), "was not loaded within 1.5 s; raise BT_FIRST_TOKEN_S")
    assert not any(running(life["pid"]) for life in lives(model))


def refused(ran: Ran, said: str) -> None:
    assert ran.code == 2
    assert re.fullmatch(r"error: [^\n]+\n", ran.err), ran.err
    assert said in ran.err
    assert "Traceback" not in ran.out


@pytest.mark.parametrize("program", ["loop.py", "utils/cli.py"])
def test_what_cannot_be_served_is_refused_with_what_to_do(tmp_path: Path, program: str) -> None:
    def tried(llm: Path) -> Ran:
        options: tuple[str | Path, ...] = ("doctor",) if program == "utils/cli.py" else ()
        return finish(start(program, *options, "--llm", f"gguf:{llm}", "--memory", tmp_path / "m"))

    (tmp_path / "text.gguf").write_text("Once upon a time")
    refused(tried(tmp_path / "none.gguf"), "there is no file")
    refused(tried(tmp_path), "is a folder; give the path of the GGUF file in it")
    refused(tried(tmp_path / "text.gguf"), "is no GGUF file")


def test_options_with_an_open_quote_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BT_LOCAL_OPTIONS", "--n_threads '3")
    refused(night(model_file(tmp_path)), "BT_LOCAL_OPTIONS: No closing quotation")


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['llama_cpp'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    fresh = start_fresh("loop.py", *argv(model_file(tmp_path)))  # what is begun anew alone looks at sitecustomize.py
    refused(finish(fresh), "needs the extra `local`")


def test_the_doctor_loads_the_file_asks_it_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    model = model_file(tmp_path)
    ran = cli("doctor", "--llm", f"gguf:{model}", "--sandbox", "process", "--memory", tmp_path / "memory", "--json")
    found = {each["name"]: each for each in json.loads(ran.out)}
    assert found["model server"]["level"] == found["completion"]["level"] == "ok"
    assert found["model"]["said"].startswith("tiny; listed: tiny")
    assert not running(lives(model)[0]["pid"])
    assert not (tmp_path / "memory").exists()


def test_the_doctor_says_why_a_file_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    model = model_file(tmp_path, refuses="Failed to create llama_context")
    ran = cli("doctor", "--llm", f"gguf:{model}", "--sandbox", "process", "--memory", tmp_path / "memory", "--json")
    found = {each["name"]: each for each in json.loads(ran.out)}
    assert ran.code == 1
    assert "ValueError: Failed to create llama_context" in found["model server"]["said"]
    assert "not tried" in found["completion"]["said"]
