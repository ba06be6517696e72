"""`python utils/cli.py run-code ...` as people type it."""

import json
import signal
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.process_sandbox import ProcessSandbox
from executor.run_cmd import run_cmd
from executor.sandbox import Limits
from tests.running import CHECKOUT, Ran, cli, finish, start, start_fresh, wait_for
from utils.commands.collected import write_all  # noqa: TID251  a sandbox's agent tells no such names
from utils.commands.run_code import BOUNDS, parse_limits  # noqa: TID251  the bounds have no other door
from utils.errors import InputError

UNSAFE = "UNSAFE: the process sandbox does not cover everything: files, network"


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither Docker nor bubblewrap can be found."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def program(folder: Path, source: str) -> Path:
    path = folder / "program.py"
    path.write_text(source, encoding="utf-8")
    return path


def run(path: Path, *options: str | Path) -> Ran:
    return cli("run-code", path, "--sandbox", "process", *options)


def facts(path: Path, *options: str | Path) -> Any:
    return json.loads(run(path, "--json", *options).out)


def refused(ran: Ran) -> str:
    """The one line of a command that refused its input."""
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert ran.err.startswith("error: ")
    return ran.err


def test_the_ending_the_facts_and_the_output_are_shown(folder: Path, kind: str) -> None:
    (folder / "given").write_text("21")
    path = program(folder, "import sys\nprint(2 * int(sys.stdin.read()))\nprint('odd', file=sys.stderr)")
    ran = cli("run-code", path, "--sandbox", kind, "--stdin", folder / "given")
    lines = ran.out.splitlines()
    assert ran.code == 0, ran
    assert lines[0] == "status     exit code 0"
    assert lines[1].startswith("time       0.")
    assert lines[-4:] == ["stdout     3 bytes", "  42", "stderr     4 bytes", "  odd"]
    assert any(line.startswith(f"sandbox    {kind} (asked for)") for line in lines)
    assert any(line.startswith("           does not cover: ") for line in lines)


def test_json_holds_everything(folder: Path, kind: str) -> None:
    path = program(folder, "import sys\nprint('x' * 5000)\nsys.exit(3)")
    ran = cli("run-code", path, "--sandbox", kind, "--limit", "output_kb=1", "--limit", "wall_s=7.5", "--json")
    found = json.loads(ran.out)
    assert ran.code == 1
    assert sorted(found) == [
        "artifacts", "artifacts_left_out", "cpu_s", "detail", "exit_code", "limits", "peak_mb", "sandbox",
        "signal", "status", "stderr", "stdout", "strays", "wall_s",
    ]  # fmt: skip
    assert (found["status"], found["exit_code"], found["signal"]) == ("exit", 3, None)
    assert (found["stdout"]["total"], found["stdout"]["truncated"]) == (5001, True)
    assert "[... 3977 bytes left out ...]" in found["stdout"]["text"]
    assert found["stderr"] == {"text": "", "total": 0, "truncated": False}
    assert (found["limits"]["wall_s"], found["limits"]["output_kb"], found["limits"]["memory_mb"]) == (7.5, 1, 512)
    assert (found["sandbox"]["kind"], found["sandbox"]["safe"]) == (kind, kind != "process")
    assert found["sandbox"]["gaps"]
    assert 0 < found["cpu_s"] < 3
    assert found["peak_mb"] > 5
    assert 0 < found["wall_s"] < 7.5


@pytest.mark.parametrize(
    ("source", "limit", "ending"),
    [
        ("import time; time.sleep(60)", "wall_s=0.5", "timeout (--limit wall_s=0.5)"),
        ("while True: pass", "cpu_s=0.5", "cpu_limit (--limit cpu_s=0.5)"),
        ("while True: print('x' * 10000)", "output_hard_mb=1", "output_limit (--limit output_hard_mb=1)"),
        ("import os; os.kill(os.getpid(), 11)", "wall_s=9", "signal 11 (Segmentation fault)"),
        ("def f(:", "wall_s=9", "exit code 1"),
    ],
)
def test_every_other_ending_has_exit_code_1_and_names_its_limit(
    folder: Path, source: str, limit: str, ending: str
) -> None:
    ran = run(program(folder, source), "--limit", limit)
    assert (ran.code, ran.out.splitlines()[0]) == (1, f"status     {ending}")


def test_memory_and_files_are_limited(folder: Path) -> None:
    source = "open('big', 'wb').write(bytes(3 << 20))\nx = bytes(100 << 20)"
    path = program(folder, source)
    assert "MemoryError" in facts(path, "--limit", "memory_mb=80")["stderr"]["text"]
    assert "File too large" in facts(path, "--limit", "file_mb=2")["stderr"]["text"]
    assert run(path).code == 0


def test_too_many_files_end_a_program_in_landlock_and_both_limits_of_the_disk_are_named(folder: Path) -> None:
    source = "import time\nfor n in range(200): open(str(n), 'w').close()\ntime.sleep(2)"
    ran = cli("run-code", program(folder, source), "--sandbox", "landlock", "--limit", "inodes=100")
    if "does not work here" in ran.err:
        pytest.skip(ran.err)
    assert (ran.code, ran.out.splitlines()[0]) == (1, "status     disk_limit (--limit file_mb=64, inodes=100)")


def test_output_cannot_steer_a_terminal_or_pass_for_a_fact(folder: Path) -> None:
    path = program(folder, r"print('\x1b[2J\x9b1m\r\u202ea\nstatus     exit code 7\x85b')")
    ran = run(path)
    assert [line for line in ran.out.splitlines() if "status" in line] == [
        "status     exit code 0", r"  status     exit code 7\x85b",
    ]  # fmt: skip
    assert r"  \x1b[2J\x9b1m\r\u202ea" in ran.out.splitlines()
    assert run(path, "--json").out.isascii()
    assert facts(path)["stdout"]["text"].startswith("\x1b[2J\x9b1m\r\u202ea\n")


def test_bytes_that_are_no_text_and_a_narrow_encoding_are_no_trouble(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program(folder, "import sys; sys.stdout.buffer.write(b'\\xff' + 'é'.encode())")
    assert "  \N{REPLACEMENT CHARACTER}é\n" in run(path).out
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    ran = finish(start_fresh("utils/cli.py", "run-code", path, "--sandbox", "process"))  # which reads that as it starts
    assert "  \\ufffd\\xe9\n" in ran.out


def test_a_process_is_called_unsafe_before_it_runs(folder: Path) -> None:
    ran = run(program(folder, "pass"))
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert ran.err.startswith(UNSAFE)
    assert "sandbox    process (asked for) - UNSAFE\n" in ran.out


@pytest.mark.usefixtures("no_sandbox")
def test_code_of_people_never_falls_to_a_process_by_itself(folder: Path) -> None:
    witness = folder / "witness"
    ran = cli("run-code", program(folder, f"open({str(witness)!r}, 'w')"), "--json")
    refusal = "or type --sandbox process to run code without protection"
    assert refusal in refused(ran) if ran.code == 2 else json.loads(ran.out)["sandbox"]["safe"]  # the kernel's Landlock
    assert not witness.exists()


@pytest.mark.usefixtures("no_sandbox")
def test_a_kind_that_does_not_work_is_refused(folder: Path) -> None:
    for kind in ("docker", "bubblewrap"):
        assert f"--sandbox {kind} does not work here: " in refused(
            cli("run-code", program(folder, "pass"), "--sandbox", kind)
        )


def test_an_unknown_kind_is_refused_with_those_that_there_are(folder: Path) -> None:
    said = refused(cli("run-code", program(folder, "pass"), "--sandbox", "jail"))
    assert "'process', not 'jail'" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["."], "FILE . is a folder"),
        (["none.py"], "FILE none.py does not exist"),
        (["x" * 300], "FILE xxx"),
        (["/dev/zero"], "FILE /dev/zero is no regular file"),
        (["good.py", "--stdin", "none"], "--stdin none does not exist"),
        (["good.py", "--stdin", "/"], "--stdin / is a folder"),
        (["latin.py"], "FILE latin.py: not UTF-8 at byte 1; save it as UTF-8"),
        (["large.py"], "FILE large.py is larger than 1048576 bytes"),
        (["good.py", "--stdin", "large"], "--stdin large is larger than 16777216 bytes"),
        (["good.py", "--nonsense"], "--nonsense"),
        ([], "FILE"),
    ],
)
def test_files_that_cannot_be_used_are_one_line(folder: Path, options: list[str], said: str) -> None:
    (folder / "good.py").write_text("pass")
    (folder / "latin.py").write_bytes(b"#\xe9")
    (folder / "large.py").write_bytes(b"#" * (1024 * 1024 + 1))
    with (folder / "large").open("wb") as stream:
        stream.truncate(16 * 1024 * 1024 + 1)
    assert said in refused(finish(start("utils/cli.py", "run-code", *options, cwd=folder)))


def test_a_byte_order_mark_and_an_encoding_line_are_python_as_ever(folder: Path) -> None:
    path = folder / "marked.py"
    path.write_bytes(b"\xef\xbb\xbf# coding: utf-8\nprint('ok')\r\n")
    assert facts(path)["stdout"]["text"] == "ok\n"


def test_the_whole_of_a_large_input_arrives(folder: Path) -> None:
    with (folder / "given").open("wb") as stream:
        stream.truncate(16 * 1024 * 1024)
    path = program(folder, "import sys; print(len(sys.stdin.buffer.read()))")
    assert facts(path, "--stdin", folder / "given")["stdout"]["text"] == "16777216\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_is_interrupted_leaves_nothing(
    folder: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "work").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "work"))
    path = program(folder, f"import time; open({str(folder / 'begun')!r}, 'w'); time.sleep(60)")
    process = start("utils/cli.py", "run-code", path, "--sandbox", "process", "--limit", "wall_s=60")
    wait_for((folder / "begun").exists)
    process.send_signal(number)
    ran = finish(process, 10)
    assert (ran.code, ran.out) == (130, "")
    assert list((folder / "work").iterdir()) == []


def test_the_documents_table_of_limits_is_true() -> None:
    text = (CHECKOUT / "docs/grading.md").read_text(encoding="utf-8")
    for name, (low, high) in BOUNDS.items():
        assert f"| `{name}` | {getattr(Limits(), name):g} | {low:g} | {high:.0f} |" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed=3", "'speed=3' is no NAME=VALUE with a NAME of wall_s, cpu_s, memory_mb, "),
        ("=3", "is no NAME=VALUE"),
        ("wall_s", "--limit wall_s: a number from 0.1 to 3600 is allowed, not ''"),
        ("wall_s=nan", "a number from 0.1 to 3600 is allowed, not 'nan'"),
        ("memory_mb=1.5", "--limit memory_mb: a whole number from 16 to 65536 is allowed, not '1.5'"),
    ],
)
def test_a_wrong_limit_is_one_line_that_says_what_is_allowed(folder: Path, text: str, said: str) -> None:
    assert said in refused(run(program(folder, "pass"), "--limit", text))


def test_a_limit_is_given_once(folder: Path) -> None:
    options = ("--limit", "wall_s=1", "--limit", "wall_s=2")
    assert "--limit wall_s is given twice" in refused(run(program(folder, "pass"), *options))


def test_every_limit_can_be_typed_and_its_default_is_allowed() -> None:
    assert list(BOUNDS) == [each.name for each in fields(Limits)]
    assert parse_limits([f"{each.name}={each.default}" for each in fields(Limits)]) == Limits()


def accepted(name: str, text: str) -> float | None:
    try:
        return float(getattr(parse_limits([f"{name}={text}"]), name))
    except InputError:
        return None


@given(name=st.sampled_from(list(BOUNDS)), value=st.integers(-10, 10**12) | st.integers(1, 5000))
def test_whole_numbers_come_through_within_bounds_and_only_there(name: str, value: int) -> None:
    low, high = BOUNDS[name]
    assert accepted(name, str(value)) == (value if low <= value <= high else None)


@given(value=st.floats() | st.floats(0.01, 4000))
def test_no_seconds_out_of_bounds_come_through(value: float) -> None:
    found = accepted("wall_s", repr(value))
    assert found is None or (found == value and 0.1 <= found <= 3600)


@given(text=st.text(max_size=12))
def test_no_text_that_is_no_number_comes_through(text: str) -> None:
    found = accepted("memory_mb", text)
    assert found is None or (text.isascii() and text.isdigit() and 16 <= found <= 65_536)


LEAVES = r"""
import os
os.makedirs("deep/er")
for name, size in (("deep/er/a.csv", 5), ("b.csv", 7), ("c.txt", 9), ("\x1b[2J.csv", 1), ("large.csv", 3 << 10)):
    open(name, "wb").write(b"x" * size)
os.symlink("/etc/passwd", "link.csv")
os.mkfifo("pipe.csv")
"""


def test_files_that_fit_a_pattern_are_written_to_a_new_folder(folder: Path, kind: str) -> None:
    options = ("--collect", "*.csv", "--to", folder / "new/results", "--limit", "artifacts_kb=2")
    ran = cli("run-code", program(folder, LEAVES), "--sandbox", kind, *options)
    written = {path.relative_to(folder / "new/results"): path.stat().st_size for path in folder.rglob("results/**/*.*")}
    assert written == {Path("deep/er/a.csv"): 5, Path("b.csv"): 7}
    files = ran.out.splitlines()[-3:]
    assert (ran.code, files[0]) == (0, f"files      2 written to {folder}/new/results, 4 left out")
    assert files[1:] == ["  b.csv  7 bytes", "  deep/er/a.csv  5 bytes"]


def test_json_names_the_files_that_were_written(folder: Path) -> None:
    found = facts(program(folder, LEAVES), "--collect", "c.*", "--collect", "b.*", "--to", folder / "results")
    assert (found["artifacts"], found["artifacts_left_out"]) == ({"b.csv": 7, "c.txt": 9}, 0)


def test_a_program_that_runs_while_its_results_folder_is_turned_into_a_link_writes_nothing_elsewhere(
    folder: Path,
) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "results").mkdir()
    swap = f"import os; os.rmdir({str(folder / 'results')!r}); os.symlink('elsewhere', {str(folder / 'results')!r})"
    ran = run(program(folder, LEAVES + swap), "--collect", "*.csv", "--to", folder / "results")
    assert (ran.code, "cannot be written to: Not a directory" in ran.err) == (2, True), ran
    assert list((folder / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--collect", "*"], "give both or neither"),
        (["--to", "new"], "give both or neither"),
        (["--collect", "*", "--to", "full"], "--to full is not empty; name a new folder"),
        (["--collect", "*", "--to", "link"], "--to link is a link; name the folder itself"),
        (["--collect", "*", "--to", "full/file"], "--to full/file cannot be used: Not a directory"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_before_the_program_runs(
    folder: Path, options: list[str], said: str
) -> None:
    (folder / "full").mkdir()
    (folder / "full/file").write_text("mine")
    (folder / "link").symlink_to("empty")
    witness = program(folder, f"open({str(folder / 'witness')!r}, 'w')")
    ran = finish(start("utils/cli.py", "run-code", witness, "--sandbox", "process", *options, cwd=folder))
    assert said in refused(ran)
    assert not (folder / "witness").exists()


NAMES = st.text(st.sampled_from("./a\0\n\x1b ~-é\ud800"), min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.binary(max_size=3), max_size=4))
def test_whatever_names_an_agent_may_tell_nothing_is_written_outside_of_the_folder(artifacts: dict[str, bytes]) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place) / "in" / "results"
        with suppress(InputError):  # a file stands where another needs a folder
            written = write_all(artifacts, folder)
            assert {name: (folder / name).read_bytes() for name in written} == {
                name: artifacts[name] for name in written
            }
        assert {path.name for path in Path(place).rglob("*") if not path.is_relative_to(folder)} == {"in"}


def test_a_line_for_the_shell_and_arguments_go_through_one_door() -> None:
    sandbox = ProcessSandbox()
    line = run_cmd(sandbox, "printf '%s\\n' one two | wc -l; exit 4")
    assert (line.stdout.text.strip(), line.exit_code) == ("2", 4)
    assert run_cmd(sandbox, ("printf", "%s", "one; exit 4")).stdout.text == "one; exit 4"
    sandbox.close()
