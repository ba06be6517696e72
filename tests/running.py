"""Starts the program as a person would, in processes of its own."""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.forked import Zygote

CHECKOUT = Path(__file__).resolve().parents[1]
WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str


def start(*argv: str | Path, cwd: Path | None = None) -> subprocess.Popen[str]:
    """A Python program of this checkout in a process of its own."""
    program, *options = map(str, argv)
    script = ["-m", program.removeprefix("-m ")] if program.startswith("-m ") else [str(CHECKOUT / program)]
    return subprocess.Popen(
        [sys.executable, *script, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=cwd or CHECKOUT,
        # the rehearsal's endless loops need not take five seconds each, and who wants a report says so
        env={"BT_CPU_S": "1", "BT_REPORT": "off", **os.environ},
    )


def finish(process: subprocess.Popen[str], timeout_s: float = WAIT_S) -> Ran:
    """Wait for its end."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {timeout_s} s\n{out[-2000:]}\n{err[-2000:]}") from None
    return Ran(process.returncode, out, err)


def loop(*options: str | Path, timeout_s: float = WAIT_S) -> Ran:
    """`python loop.py OPTIONS`."""
    return run_forked("loop.py", *options, timeout_s=timeout_s)


def cli(*options: str | Path) -> Ran:
    """`python utils/cli.py OPTIONS`."""
    return run_forked("utils/cli.py", *options, timeout_s=WAIT_S)


def run_forked(program: str, *options: str | Path, timeout_s: float) -> Ran:
    """What `start` and `finish` give, from a process that finds all modules loaded."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = zygote().start(program, [*map(str, options)], folder=CHECKOUT, out=out, err=err)
        process.poll(timeout_s)
        code = process.kill()
        ran = Ran(code, *(path.read_text(encoding="utf-8", errors="replace") for path in (out, err)))
    assert code != -signal.SIGKILL, f"still running after {timeout_s} s\n{ran.out[-2000:]}\n{ran.err[-2000:]}"
    return ran


@cache
def zygote() -> Zygote:
    """This process's own; ends with it."""
    mine = Zygote(CHECKOUT)
    atexit.register(mine.close)
    return mine


def cli_json(*options: str | Path) -> Any:
    """What `python utils/cli.py OPTIONS --json` prints."""
    ran = cli(*options, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def events(memory: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The data of the memory's events, in order."""
    lines = [line for path in sorted((memory / "events").glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    found = [json.loads(line)["data"] for line in lines]
    return [data for data in found if kind is None or data["kind"] == kind]


def wait_for(ready: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
    """Return once it is so."""
    end = time.monotonic() + timeout_s
    while not ready():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def logged(memory: Path, kind: str) -> int:
    """How many events of a kind there are, also while they are being written."""
    try:
        return sum(path.read_bytes().count(f'"kind":"{kind}"'.encode()) for path in (memory / "events").glob("*.jsonl"))
    except OSError:
        return 0


@contextmanager
def serving(*argv: str | Path) -> Iterator[str]:
    """A model server; gives its URL, which it prints first."""
    process = start(*argv)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://"), line + (process.stderr.read() if process.stderr else "")
        yield line.split()[0]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def lines(memory: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The memory's events with number and time, in order."""
    raw = [line for path in sorted((memory / "events").glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return [event for event in map(json.loads, raw) if kind is None or event["data"]["kind"] == kind]


def replies(memory: Path) -> list[dict[str, Any]]:
    """Every reply of the model that is kept."""
    found = sorted((memory / "code_archive").glob("*/attempt-*/reply-*.json"))
    return [json.loads(path.read_bytes()) for path in found]
