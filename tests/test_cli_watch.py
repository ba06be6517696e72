"""`watch`: in a real terminal, in a pipe, once; on a memory that is being written."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import pytest

from memory.events import Continued, Faulted, Paused, Recovered, RunEnded, RunStarted
from memory.log_tail import LogTail
from memory.seen_run import SeenRun
from tests.memory.builders import added, decided, finished, open_memory, run_started
from tests.running import CHECKOUT, cli, wait_for

HOSTILE = "bad [red]task[/red] \x1b[2J\x1b]0;owned\x07"


class Terminal:
    """A pseudo-terminal with `watch` in it."""

    def __init__(self, memory: Path) -> None:
        self.master, slave = pty.openpty()
        self.resize(rows=24, columns=160)
        self.shown = ""
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "", "LINES": ""}
        self.process = subprocess.Popen(
            [sys.executable, "utils/cli.py", "watch", "--memory", str(memory)],
            cwd=CHECKOUT, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment,
        )  # fmt: skip
        os.close(slave)
        os.set_blocking(self.master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def resize(self, *, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def shows(self, text: str) -> bool:
        with suppress(BlockingIOError, OSError):
            self.shown += os.read(self.master, 65536).decode(errors="replace")
        return text in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.shown)


def started(run: int = 1, **settings: str) -> RunStarted:
    return run_started(run).model_copy(update={"settings": settings})


def test_a_terminal_shows_the_run_as_it_goes_with_hostile_texts_escaped_and_ends_quietly(tmp_path: Path) -> None:
    with ExitStack() as stack:
        memory = stack.enter_context(open_memory(tmp_path, "loop.py"))
        memory.append([started(cycles="9"), added(name=HOSTILE)])
        memory.append([decided(1).model_copy(update={"why": HOSTILE})])
        terminal = stack.enter_context(Terminal(tmp_path))
        wait_for(lambda: terminal.shows("worker 1: add, try 1, for "))
        assert "bad [red]task[/red] \\x1b[2J" in terminal.shown
        assert "\x1b[2J\x1b]0;owned" not in terminal.shown
        memory.append([finished(memory.state, 1)])
        wait_for(lambda: terminal.shows("1 attempt: 1 passed, 100%"))
        terminal.shown = ""
        terminal.resize(rows=8, columns=34)
        memory.append([Paused(by="somebody")])
        wait_for(lambda: terminal.shows("paused for "))
        # the last wide frame may still have been on its way when the window became narrow
        paused = next(frame for frame in terminal.shown.split("\x1b[H") if "paused for" in frame)
        for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", paused).splitlines():
            assert len(line) <= 34, line
        terminal.shown = ""
        memory.append([Continued(by="somebody", paused_s=1), RunEnded(run=1, reason="9 attempts done", units=1)])
        memory.close()
        wait_for(lambda: terminal.shows("no loop is running"))
        terminal.process.send_signal(signal.SIGINT)
        wait_for(lambda: terminal.shows("") and terminal.process.poll() is not None)
        assert terminal.process.returncode == 130
        assert "Traceback" not in terminal.shown


def test_once_prints_one_frame_and_a_pipe_gets_a_line_for_each_event(tmp_path: Path) -> None:
    with open_memory(tmp_path, "loop.py") as memory:
        memory.append([started(hours="8", until="06:00", max_tokens="500"), added()])
        memory.append([decided(1)])
        memory.append([Faulted(fault="ModelFault", message="no answer")])
        once = cli("watch", "--once", "--memory", tmp_path)
        command = [sys.executable, "-u", "utils/cli.py", "watch", "--memory", str(tmp_path)]
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        first = process.stdout.readline()
        memory.append([Recovered(away_s=3700), finished(memory.state, 1)])
        lines = [process.stdout.readline() for _ in range(2)]
    last = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, wrong = process.communicate()
    assert once.code == 0, once.err
    assert first.startswith("the loop is running, ")
    assert "away for " in once.out
    assert "no answer" in once.out
    assert "until 06:00, 500 of 500 tokens left" in once.out
    assert [line.partition("  ")[2] for line in lines] == [
        "it is back after 1 h 1 min\n", "passed   add, try 1, 1 turn, 80.0 points\n",
    ]  # fmt: skip
    assert last.startswith("no loop is running since ")
    assert "it did not say why; the same command goes on with the run" in last
    assert (rest, wrong, process.returncode) == ("", "", 130)


def test_the_log_is_read_on_and_not_again_and_from_the_latest_run(tmp_path: Path) -> None:
    with open_memory(tmp_path, "loop.py") as memory:
        memory.append([started(), added()])
        memory.append([decided(1)])
        memory.append([RunEnded(run=1, reason="over", units=0), started(run=2)])
        tail = LogTail(tmp_path / "events")
        assert [each["data"]["kind"] for each in tail.new()] == ["run_started"]
        memory.append([finished(memory.state, 1)])
        path = tmp_path / "events" / "000001.jsonl"
        whole = path.read_bytes()
        path.write_bytes(whole[:-9])  # as a reader may find it in the middle of a write
        assert list(tail.new()) == []
        path.write_bytes(whole)
        assert [each["data"]["kind"] for each in tail.new()] == ["finished"]
        assert list(tail.new()) == []
        (tmp_path / "events" / "000002.jsonl").write_bytes(b'no json\n{"at":"x"}\n' + whole.splitlines()[0] + b"\n")
        [event] = list(tail.new())
    night = SeenRun().after({"at": "2026-01-31T00:00:00Z", "data": event["data"]})
    assert night.tried == 0


@pytest.mark.parametrize("option", [(), ("--once",)])
def test_a_folder_without_a_memory_gets_one_line(tmp_path: Path, option: tuple[str, ...]) -> None:
    ran = cli("watch", *option, "--memory", tmp_path / "none")
    assert (ran.code, "there is no memory at" in ran.err) == (2, True)


def test_a_memory_in_which_nothing_ran_yet_says_so(tmp_path: Path) -> None:
    cli("add-task", "Say hello", "--memory", tmp_path)
    ran = cli("watch", "--once", "--memory", tmp_path)
    assert (ran.code, ran.out) == (0, "no loop is running, and none has run here yet\n")
