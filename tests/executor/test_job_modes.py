"""In every kind: jobs in a fork of an interpreter that is there, programs in a fresh one, files that are collected."""

import os
from dataclasses import replace

import pytest

from executor.sandbox import ConversationEnded, ExecutionResult, Job, Limits, Program, Sandbox, Status

QUICK = Limits(wall_s=6.0, cpu_s=3.0, memory_mb=256, file_mb=8)


def forked(
    sandbox: Sandbox, source: str, *arguments: str, stdin: bytes = b"", limits: Limits = QUICK
) -> ExecutionResult:
    files = {"script.py": source.encode(), "data/beside": b"beside"}
    argv = ("python", "script.py", *arguments)
    return sandbox.run(Job(argv=argv, files=files, stdin=stdin, fresh=False, limits=limits))


@pytest.mark.parametrize(
    ("source", "exit_code"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('words')", 1),
        ("raise SystemExit", 0),
        ("1 / 0", 1),
        ("this is no python", 1),
        ("import os; os._exit(200)", 200),
        ("import atexit, os; atexit.register(os._exit, 7)", 7),
        ("import sys; sys.exit(256 + 5)", 5),
    ],
)
def test_a_forked_script_ends_with_the_code_that_python_would_give_it(
    sandbox: Sandbox, source: str, exit_code: int
) -> None:
    result = forked(sandbox, source)
    assert (result.status, result.exit_code, result.signal) == (Status.EXIT, exit_code, None)


@pytest.mark.parametrize(
    ("source", "status", "signal"),
    [
        ("import os; os.kill(os.getpid(), 9)", Status.SIGNAL, 9),
        ("import ctypes; ctypes.string_at(0)", Status.SIGNAL, 11),
        ("while True: pass", Status.CPU_LIMIT, None),
        ("import time; print('begun', flush=True); time.sleep(60)", Status.TIMEOUT, None),
    ],
)
def test_a_forked_script_that_is_ended_is_told_apart(
    sandbox: Sandbox, source: str, status: Status, signal: int | None
) -> None:
    limits = replace(QUICK, wall_s=9.0, cpu_s=0.5) if status is Status.CPU_LIMIT else replace(QUICK, wall_s=0.6)
    result = forked(sandbox, source, limits=limits)
    assert (result.status, result.signal, result.exit_code) == (status, signal, None)


def test_a_forked_script_sees_what_a_script_sees_and_nothing_of_the_agent(sandbox: Sandbox) -> None:
    source = (
        "import os, sys\n"
        "print(__name__, sys.argv, os.path.basename(__file__), os.path.isabs(__file__), open('data/beside').read())\n"
        "print(sorted(name for name in globals() if name[0] != '_'), 'config' in globals(), sys.flags.no_user_site)\n"
        "print(sys.modules['__main__'].__dict__ is globals(), os.getcwd() == os.environ['HOME'], '' in sys.path)\n"
        "print(sorted(os.environ) == " + repr(sorted(
            ["HOME", "LANG", "MALLOC_ARENA_MAX", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "TZ"])) + ")\n"
    )  # fmt: skip
    assert forked(sandbox, source, "one", "two words").stdout.text == (
        "__main__ ['script.py', 'one', 'two words'] script.py True beside\n"
        "['os', 'sys'] False 1\nTrue True False\nTrue\n"
    )


def test_a_forked_script_reads_its_input(sandbox: Sandbox) -> None:
    result = forked(
        sandbox, "import sys\nprint(sys.stdin.readline(), len(sys.stdin.read()))", stdin=b"first\n" + b"x" * 99_999
    )
    assert result.stdout.text == "first\n 99999\n"
    assert forked(sandbox, "print(repr(input()))", stdin=b"").stderr.text.endswith(
        "EOFError: EOF when reading a line\n"
    )


def test_what_a_forked_script_leaves_for_its_end_happens_as_python_would_have_it(sandbox: Sandbox) -> None:
    source = (
        "import atexit, sys, threading, time\n"
        "atexit.register(print, 'at its end')\n"
        "def work():\n    time.sleep(0.3)\n    print('thread done')\n"
        "threading.Thread(target=work).start()\n"
        "sys.stdout.write('no line break, ')"
    )
    assert forked(sandbox, source).stdout.text == "no line break, thread done\nat its end\n"


def test_a_thread_that_is_a_daemon_does_not_hold_up_the_end(sandbox: Sandbox) -> None:
    source = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint('done')"
    )
    result = forked(sandbox, source)
    assert (result.exit_code, result.stdout.text) == (0, "done\n")
    assert result.wall_s < 3


def test_a_forked_script_that_raises_shows_its_own_lines_only(sandbox: Sandbox) -> None:
    said = forked(sandbox, "def f():\n    return 1 / 0\n\nf()\n").stderr.text
    assert said.startswith("Traceback (most recent call last):\n")
    assert said.endswith("ZeroDivisionError: division by zero\n")
    assert "script.py" in said
    assert "line 4" in said


def test_a_forked_script_starts_programs_and_python_of_its_own(sandbox: Sandbox) -> None:
    source = (
        "import subprocess, sys\n"
        "print(subprocess.run(['echo', 'shell'], capture_output=True, text=True).stdout.strip())\n"
        "print(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True).stdout.strip())\n"
        "print(subprocess.run(['sh', '-c', 'exit 3']).returncode)\n"
        "import os\n"
        "sys.stdout.flush()\n"
        "child = os.fork()\n"
        "if child == 0:\n    sys.exit(5)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert forked(sandbox, source).stdout.text == "shell\n42\n3\n5\n"


def test_a_forked_script_finds_nothing_of_the_one_before(sandbox: Sandbox) -> None:
    poison = (
        "import builtins, json, os\nbuiltins.poison = json.poison = 1\nos.environ['POISON'] = '1'\nopen('left', 'w')"
    )
    assert forked(sandbox, poison).exit_code == 0
    look = (
        "import builtins, json, os\n"
        "print(hasattr(builtins, 'poison'), hasattr(json, 'poison'), 'POISON' in os.environ, os.listdir())"
    )
    assert forked(sandbox, look).stdout.text.startswith("False False False [")
    assert "left" not in forked(sandbox, look).stdout.text


def test_two_forked_scripts_do_not_draw_the_same_random_numbers_unless_they_seed(sandbox: Sandbox) -> None:
    drawn = {forked(sandbox, "import random; print(random.random())").stdout.text for _ in range(3)}
    assert len(drawn) == 3
    seeded = {forked(sandbox, "import random; random.seed(7); print(random.random())").stdout.text for _ in range(3)}
    assert len(seeded) == 1


def test_other_commands_than_python_run_alike_whether_forked_or_not(sandbox: Sandbox) -> None:
    for fresh in (True, False):
        result = sandbox.run(Job(argv=("sh", "-c", "wc -c; exit 4"), stdin=b"12345", fresh=fresh, limits=QUICK))
        assert (result.stdout.text.strip(), result.exit_code) == ("5", 4)


def test_a_script_that_is_not_there_is_an_outcome(sandbox: Sandbox) -> None:
    result = sandbox.run(Job(argv=("python", "none.py"), fresh=False, limits=QUICK))
    assert (result.status, result.exit_code) == (Status.EXIT, 1)
    assert "none.py" in result.stderr.text


@pytest.mark.parametrize("fresh", [True, False])
def test_a_program_speaks_and_ends_alike_in_a_fresh_interpreter_and_in_a_fork(sandbox: Sandbox, *, fresh: bool) -> None:
    source = (
        "import sys\nfrom executor.grading import wire\n"
        "while (frame := channel.receive()) is not None:\n    channel.send(frame[::-1])\n"
        "print(__name__, sorted(name for name in globals() if name[0] != '_'), repr(sys.stdin.read()), sys.argv[1:])\n"
        "sys.exit(3)"
    )
    conversation = sandbox.converse(Program(source=source, fresh=fresh, limits=QUICK))
    for frame in (b"", b"abc", bytes(1 << 20)):
        conversation.send(frame)
        assert conversation.receive() == frame[::-1]
    result = conversation.close()
    assert result.stdout.text == "__main__ ['channel', 'frame', 'sys', 'wire'] '' []\n"
    assert (result.status, result.exit_code) == (Status.EXIT, 3)


def test_a_fresh_program_has_an_interpreter_that_nothing_was_imported_into(sandbox: Sandbox) -> None:
    source = "import sys\nchannel.send(str(len(sys.modules)).encode())"
    counted = []
    for fresh in (True, False):
        conversation = sandbox.converse(Program(source=source, fresh=fresh, limits=QUICK))
        counted.append(int(conversation.receive()))
        conversation.close()
    assert counted[0] < counted[1]


@pytest.mark.parametrize(
    ("source", "exit_code"), [("import sys; sys.exit(3)", 3), ("1 / 0", 1), ("this is no python", 1), ("'\ud800'", 1)]
)
def test_a_fresh_program_that_is_gone_ends_the_conversation_and_tells_how(
    sandbox: Sandbox, source: str, exit_code: int
) -> None:
    conversation = sandbox.converse(Program(source=source, fresh=True, limits=QUICK))
    with pytest.raises(ConversationEnded):
        conversation.receive()
    assert conversation.close().exit_code == exit_code


LEAVES = r"""
import os
os.makedirs("deep/er")
for name, size in (("deep/er/a.csv", 5), ("b.csv", 7), ("c.txt", 9), ("large.csv", 3 << 10)):
    open(name, "wb").write(name[:1].encode() * size)
open("odd\nname.csv", "wb").write(b"")
os.symlink("/etc/passwd", "link.csv")
os.symlink("c.txt", "inner.csv")
os.mkfifo("pipe.csv")
with open("sparse.csv", "wb") as file:
    file.truncate(4 << 20)
os.chmod("b.csv", 0o600)
"""
COLLECTED = {"deep/er/a.csv": b"d" * 5, "b.csv": b"b" * 7, "odd\nname.csv": b""}


@pytest.mark.parametrize("fresh", [True, False])
def test_regular_files_that_fit_a_pattern_come_back_and_the_others_are_counted(
    sandbox: Sandbox, *, fresh: bool
) -> None:
    job = Job(
        argv=("python", "main.py"), files={"main.py": LEAVES.encode()}, collect=("*.csv",), fresh=fresh,
        limits=replace(QUICK, artifacts_kb=2),
    )  # fmt: skip
    result = sandbox.run(job)
    assert (result.exit_code, result.stderr.text) == (0, "")
    assert (dict(result.artifacts), result.artifacts_left_out) == (COLLECTED, 5)


def test_without_a_pattern_nothing_comes_back(sandbox: Sandbox) -> None:
    result = sandbox.run(Job(argv=("python", "main.py"), files={"main.py": LEAVES.encode()}, limits=QUICK))
    assert (dict(result.artifacts), result.artifacts_left_out) == ({}, 0)


def test_files_come_back_from_a_job_that_was_ended_too(sandbox: Sandbox) -> None:
    source = b"import time\nopen('log', 'w').write('so far')\ntime.sleep(60)"
    job = Job(argv=("python", "m.py"), files={"m.py": source}, collect=("log",), limits=replace(QUICK, wall_s=0.6))
    result = sandbox.run(job)
    assert (result.status, dict(result.artifacts)) == (Status.TIMEOUT, {"log": b"so far"})


def test_a_megabyte_of_many_files_comes_back_whole(sandbox: Sandbox) -> None:
    source = b"for n in range(200): open(f'{n:03}.bin', 'wb').write(bytes([n]) * 5000)"
    job = Job(argv=("python", "m.py"), files={"m.py": source}, collect=("*.bin",), limits=QUICK)
    assert dict(sandbox.run(job).artifacts) == {f"{n:03}.bin": bytes([n]) * 5000 for n in range(200)}


def test_a_job_that_closed_its_own_folder_cannot_hide_it_from_the_wipe(sandbox: Sandbox) -> None:
    source = (
        b"import os\nos.makedirs('a/b')\nopen('a/b/c', 'w')\nos.chmod('a/b', 0)\nos.chmod('a', 0)\nos.chmod('.', 0)"
    )
    for _ in range(2):
        result = sandbox.run(Job(argv=("python", "m.py"), files={"m.py": source}, collect=("*",), limits=QUICK))
        assert result.status is Status.EXIT
    look = b"import os; print(os.listdir())"
    assert sandbox.run(Job(argv=("python", "m.py"), files={"m.py": look}, limits=QUICK)).stdout.text == "['m.py']\n"


def test_more_files_than_allowed_end_a_job_or_are_refused(isolated: Sandbox) -> None:
    source = b"import time\nfor n in range(400): open(str(n), 'w').close()\ntime.sleep(0.6)"
    limits = replace(QUICK, inodes=100)
    result = isolated.run(Job(argv=("python", "m.py"), files={"m.py": source}, limits=limits))
    assert result.status is Status.DISK_LIMIT or "No space left on device" in result.stderr.text, result


def test_jobs_of_one_sandbox_run_as_different_users_where_the_loop_is_root(isolated: Sandbox) -> None:
    if os.getuid() != 0:
        pytest.skip("only root gives users")
    assert len({forked(isolated, "import os; print(os.getuid())").stdout.text for _ in range(4)}) == 4
