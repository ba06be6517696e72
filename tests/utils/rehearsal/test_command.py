import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GOAL = "Add two numbers."
TASK = {"id": "a", "name": "A", "goal": GOAL, "entry_point": "add", "reference": "def add(a, b):\n    return a + b\n"}


def command(*options: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "utils.rehearsal", *options)


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(command("--port", "0", *options), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def answer_of(line: str, text: str) -> str:
    body = json.dumps({"messages": [{"role": "user", "content": text}], "seed": 1}).encode()
    with urllib.request.urlopen(f"{line.split(maxsplit=1)[0]}/chat/completions", body, timeout=5) as answer:
        return str(json.load(answer)["choices"][0]["message"]["content"])


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(TASK), encoding="utf-8")
    return path


def test_it_prints_its_address_and_that_it_is_a_simulation_and_serves_the_given_tasks(tasks: Path) -> None:
    with running("--tasks", str(tasks), "--seed", "3") as (_, line):
        assert line.startswith("http://127.0.0.1:")
        assert "SIMULATED" in line
        assert "no reference" not in answer_of(line, GOAL)
        assert "no reference" in answer_of(line, "Something else.")


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_at_once_even_while_it_answers(tasks: Path, kind: signal.Signals) -> None:
    with running("--tasks", str(tasks), "--latency", "60") as (process, line):
        host, port = line.split("/")[2].split(":")
        body = b'{"messages": [{"role": "user", "content": "x"}]}'
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            time.sleep(0.2)
            started = time.monotonic()
            process.send_signal(kind)
            assert process.wait(timeout=5) == 0
            assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--port", "70000"), "70000 is not between 0 and 65535"),
        (("--port", "x"), "argument --port"),
        (("--latency", "nan"), "nan is not between 0 and 600 seconds"),
        (("--tasks", "/nowhere/tasks.json"), "/nowhere/tasks.json"),
        (("--truths", "/nowhere/truths.toml"), "/nowhere/truths.toml"),
        (("--unheard-of",), "--unheard-of"),
        (("--host", "256.1.1.1", "--port", "0"), "cannot listen on 256.1.1.1:0"),
    ],
)
def test_a_bad_option_is_one_line_and_exit_code_2(options: tuple[str, ...], told: str) -> None:
    done = subprocess.run(command(*options), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert told in done.stderr


def test_an_address_that_is_taken_is_one_line_and_exit_code_2(tasks: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ("--port", str(taken.getsockname()[1]), "--tasks", str(tasks))
        environment = {**os.environ, "PYTHONWARNINGS": "error"}
        done = subprocess.run(
            command(*options), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=20, check=False
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Address already in use" in done.stderr
