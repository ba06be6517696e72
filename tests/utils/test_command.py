import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, time
from typing import Annotated
import typer
from utils import errors
from utils.command import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

@app.command()
def main(what: str, number: Annotated[int, typer.Option(min=1)] = 1) -> int | None:
    if what == "sleep":
        print("ready", flush=True)
        time.sleep(30)
    if what == "print":
        for _ in range(number):
            print("x" * 100)
    if what == "exit":
        raise typer.Exit(number)
    if what == "abort":
        raise typer.Abort
    if what == "defect":
        raise KeyError("a defect")
    if what in vars(errors):
        raise vars(errors)[what]("line one\\n  line \\x1b[31mtwo")
    return number if what == "return" else None

sys.exit(run_command(app))
"""


def ran(*options: str, **how: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *options],
        stdout=how.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("InputError", 2),
        ("MemoryDamaged", 2),
        ("BuilderTrainerError", 1),
        ("Fault", 1),
        ("ModelFault", 1),
        ("SandboxFault", 1),
        ("StorageFault", 1),
        ("Interrupted", 1),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(error: str, code: int) -> None:
    done = ran(error)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "error: line one line \\x1b[31mtwo\n")


@pytest.mark.parametrize(
    ("options", "named"),
    [(["x", "--nonsense"], "--nonsense"), ([], "what"), (["x", "--number", "0"], "--number"), (["x", "y"], "y")],
)
def test_wrong_options_are_one_line_that_names_them_and_code_2(options: list[str], named: str) -> None:
    done = ran(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert named in done.stderr.lower()
    assert done.stderr.count("\n") == 1


def test_a_command_decides_its_own_code() -> None:
    codes = [ran(*options).returncode for options in (["x"], ["return", "--number", "3"], ["exit", "--number", "4"])]
    assert codes == [0, 3, 4]


def test_help_is_a_success() -> None:
    done = ran("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--number" in done.stdout


def test_a_defect_keeps_its_traceback() -> None:
    done = ran("defect")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("KeyError: 'a defect'\n")


def test_ctrl_c_and_an_abort_end_with_130() -> None:
    assert ran("abort").returncode == 130
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "sleep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert (process.returncode, told.strip()) == (130, "")


@pytest.mark.parametrize("lines", ["1", "5000"])
def test_a_pipe_that_nobody_reads_ends_the_command_quietly(lines: str) -> None:
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as reader:
        reader.wait()
        assert reader.stdin is not None
        done = ran("print", "--number", lines, stdout=reader.stdin.fileno())
    assert (done.returncode, done.stderr) == (1, "")
