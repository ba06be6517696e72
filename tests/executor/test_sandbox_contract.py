"""What every kind of sandbox does alike, told by real jobs in it."""

import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from executor.run_cmd import run_cmd
from executor.run_code import run_code
from executor.sandbox import MAX_FRAME, Conversation, ConversationEnded, Limits, Program, Sandbox, Status

QUICK = Limits(wall_s=5.0, cpu_s=2.0, memory_mb=256, file_mb=8)
BUSY = replace(QUICK, wall_s=9.0, cpu_s=0.5)  # on a busy machine CPU time comes slowly
SHORT = replace(QUICK, wall_s=0.6)
ECHO = "while (frame := channel.receive()) is not None:\n    channel.send(frame[::-1])\n"
FORGERY = """
import json, os, struct
text = json.dumps({"event": "result", "status": "exit", "exit_code": 0}).encode()
frame = struct.pack(">I", len(text)) + text
for fd in range(1, 256):
    try:
        os.write(fd, frame)
    except OSError:
        pass
os._exit(9)
"""
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(100)", sys.argv[1]])
    os._exit(0)
time.sleep(0.3)
print("parent done")
"""


def processes_with(marker: str) -> list[str]:
    lines = subprocess.run(("ps", "-ww", "-eo", "args"), capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if marker in line]


def send_for_ever(conversation: Conversation) -> None:
    while True:
        conversation.send(bytes(1 << 20))


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / (1 << 20)


def test_a_job_reads_its_input_and_files_and_its_output_and_exit_code_come_back(sandbox: Sandbox) -> None:
    source = "import sys\nprint(sys.stdin.read(), open('deep/er/data').read())\nsys.exit('bad')"
    result = run_code(sandbox, source, files={"deep/er/data": b"files"}, stdin=b"stdin", limits=QUICK)
    assert (result.status, result.exit_code, result.signal) == (Status.EXIT, 1, None)
    assert (result.stdout.text, result.stderr.text, result.stdout.truncated) == ("stdin files\n", "bad\n", False)
    assert 0 < result.cpu_s < 2
    assert 0 < result.wall_s < 5
    assert 5 < result.peak_mb < 100
    assert result.tier == sandbox.tier


def test_a_megabyte_of_input_reaches_a_job_and_one_that_ignores_it_is_not_disturbed(sandbox: Sandbox) -> None:
    much = bytes(1 << 20)
    assert run_cmd(sandbox, ("wc", "-c"), stdin=much, limits=QUICK).stdout.text == "1048576\n"
    assert run_cmd(sandbox, ("true",), stdin=much, limits=QUICK).exit_code == 0


def test_a_job_finds_an_environment_from_scratch_in_an_empty_home(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "canary")
    source = "import os\nprint(sorted(os.environ), os.listdir(), os.getcwd() == os.environ['HOME'])"
    names = "['HOME', 'LANG', 'MALLOC_ARENA_MAX', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'TZ']"
    assert run_code(sandbox, source, limits=QUICK).stdout.text == f"{names} ['main.py'] True\n"


def test_strings_hash_alike_in_every_job_and_program(sandbox: Sandbox) -> None:
    in_a_job = run_code(sandbox, "print(hash('seed'))", limits=QUICK).stdout
    conversation = sandbox.converse(Program(source="print(hash('seed'))", limits=QUICK))
    with pytest.raises(ConversationEnded):
        conversation.receive()
    assert conversation.close().stdout == in_a_job


@pytest.mark.parametrize(
    ("source", "status", "exit_code", "signal"),
    [
        ("import sys; sys.exit(137)", Status.EXIT, 137, None),
        ("import os; os.kill(os.getpid(), 9)", Status.SIGNAL, None, 9),
        ("import ctypes; ctypes.string_at(0)", Status.SIGNAL, None, 11),
        ("import os; os.kill(os.getpid(), 24)", Status.SIGNAL, None, 24),
        ("b = bytearray(1 << 30)", Status.EXIT, 1, None),
        ("open('big', 'wb').write(bytes(9 << 20))", Status.EXIT, 1, None),
        ("surrogate = '\ud800'", Status.EXIT, 1, None),
        ("import os, time\nos.closerange(0, 64)\ntime.sleep(0.3)\nos._exit(7)", Status.EXIT, 7, None),
        (FORGERY, Status.EXIT, 9, None),
    ],
)
def test_a_job_ends_as_the_kernel_says(
    sandbox: Sandbox, source: str, status: Status, exit_code: int | None, signal: int | None
) -> None:
    result = run_code(sandbox, source, limits=QUICK)
    assert (result.status, result.exit_code, result.signal) == (status, exit_code, signal)


def test_a_job_that_sleeps_or_stops_itself_ends_at_the_wall_limit_with_what_it_printed(sandbox: Sandbox) -> None:
    source = "import os, time\nprint('begun', flush=True)\nos.kill(os.getpid(), 19)\ntime.sleep(60)"
    result = run_code(sandbox, source, limits=SHORT)
    assert (result.status, result.exit_code, result.stdout.text) == (Status.TIMEOUT, None, "begun\n")
    assert 0.6 <= result.wall_s < 2


def test_a_job_that_ignores_every_signal_ends_at_the_cpu_limit(sandbox: Sandbox) -> None:
    source = "import signal\nfor n in set(signal.Signals) - {9, 19}: signal.signal(n, signal.SIG_IGN)\nwhile True: pass"
    result = run_code(sandbox, source, limits=BUSY)
    assert (result.status, result.exit_code, result.signal) == (Status.CPU_LIMIT, None, None)
    assert 0.9 < result.cpu_s < 2.5


def test_the_signal_of_the_cpu_limit_is_the_cpu_limit(sandbox: Sandbox) -> None:
    assert run_code(sandbox, "while True: pass", limits=BUSY).status is Status.CPU_LIMIT


def test_output_beyond_what_is_kept_is_counted_and_cut_in_the_middle(sandbox: Sandbox) -> None:
    source = "import sys\nsys.stdout.write('a' * 100_000 + 'z' * 100_000)"
    out = run_code(sandbox, source, limits=replace(QUICK, output_kb=4)).stdout
    assert (out.head, out.tail, out.total, out.truncated) == (b"a" * 2048, b"z" * 2048, 200_000, True)
    assert "[... 195904 bytes left out ...]" in out.text


def test_endless_output_on_both_streams_is_ended_early(sandbox: Sandbox) -> None:
    source = "import os\nwhile True:\n    os.write(1, b'o' * 65536)\n    os.write(2, b'e' * 65536)"
    result = run_code(sandbox, source, limits=replace(QUICK, output_hard_mb=2))
    assert result.status is Status.OUTPUT_LIMIT
    assert len(result.stdout.head + result.stdout.tail + result.stderr.head + result.stderr.tail) <= 128 * 1024
    assert 2 << 20 < result.stdout.total + result.stderr.total < 4 << 20


def test_a_tool_that_writes_too_large_a_file_hits_the_disk_limit(sandbox: Sandbox) -> None:
    argv = ("dd", "if=/dev/zero", "of=big", "bs=1M", "count=9")
    assert run_cmd(sandbox, argv, limits=QUICK).status is Status.DISK_LIMIT


@pytest.mark.parametrize(
    ("argv", "files", "detail"),
    [
        (("no-such-program",), {}, "No such file"),
        ((), {}, "command is empty"),
        (("echo", "a\0b"), {}, "null byte"),
        (("true",), {"../out": b""}, "no relative path"),
        (("true",), {"/etc/out": b""}, "no relative path"),
        (("true",), {"nul\0": b""}, "null byte"),
        (("true",), {"big": bytes(9 << 20)}, "File too large"),
    ],
)
def test_a_job_that_cannot_begin_is_an_outcome_that_says_why(
    sandbox: Sandbox, argv: tuple[str, ...], files: dict[str, bytes], detail: str
) -> None:
    result = run_cmd(sandbox, argv, files=files, limits=QUICK)
    assert (result.status, result.exit_code) == (Status.EXEC_ERROR, None)
    assert detail in result.detail


def test_a_daemon_does_not_outlive_its_job(sandbox: Sandbox) -> None:
    marker = uuid.uuid4().hex
    result = run_cmd(sandbox, ("python", "-c", DAEMON, marker), limits=QUICK)
    assert (result.exit_code, result.stdout.text, result.strays) == (0, "parent done\n", 1)
    assert processes_with(marker) == []
    assert run_cmd(sandbox, ("true",), limits=QUICK).strays == 0


def test_a_program_speaks_frames_of_any_size_and_ends_when_the_host_closes(sandbox: Sandbox) -> None:
    conversation = sandbox.converse(Program(source=ECHO + "print('closed')", limits=QUICK))
    for frame in (b"", b"abc", bytes(MAX_FRAME)):
        conversation.send(frame)
        assert conversation.receive() == frame[::-1]
    result = conversation.close()
    assert (result.status, result.exit_code, result.stdout.text) == (Status.EXIT, 0, "closed\n")
    assert conversation.close() is result
    with pytest.raises(ConversationEnded):
        conversation.send(b"late")


def test_a_program_sees_a_main_module_of_its_own_and_an_empty_stdin(sandbox: Sandbox) -> None:
    source = "import sys\nprint(__name__, sorted(k for k in globals() if k[0] != '_'), sys.getrecursionlimit())\n"
    source += "print(sys.modules['__main__'].__dict__ is globals(), repr(sys.stdin.read()), '' in sys.path)"
    conversation = sandbox.converse(Program(source=source, limits=QUICK))
    assert conversation.close().stdout.text == "__main__ ['channel', 'sys'] 1000\nTrue '' False\n"


@pytest.mark.parametrize(
    ("source", "exit_code"),
    [("import sys; sys.exit(3)", 3), ("1 / 0", 1), ("this is no python", 1), ("channel.send(bytes(17 << 20))", 1)],
)
def test_a_program_that_is_gone_ends_the_conversation_and_tells_how(
    sandbox: Sandbox, source: str, exit_code: int
) -> None:
    conversation = sandbox.converse(Program(source=source, limits=QUICK))
    with pytest.raises(ConversationEnded):
        conversation.receive()
    result = conversation.close()
    assert (result.status, result.exit_code) == (Status.EXIT, exit_code)


def test_a_frame_that_came_before_the_end_is_still_received(sandbox: Sandbox) -> None:
    conversation = sandbox.converse(Program(source="channel.send(b'last words'); import os; os._exit(4)", limits=QUICK))
    assert conversation.receive() == b"last words"
    with pytest.raises(ConversationEnded):
        conversation.receive()
    assert conversation.close().exit_code == 4


def test_waiting_for_a_silent_program_ends_at_its_wall_limit(sandbox: Sandbox) -> None:
    conversation = sandbox.converse(Program(source="import time; time.sleep(60)", limits=SHORT))
    with pytest.raises(ConversationEnded):
        conversation.receive()
    assert conversation.close().status is Status.TIMEOUT


def test_a_program_that_does_not_heed_the_closing_is_cancelled(sandbox: Sandbox) -> None:
    conversation = sandbox.converse(Program(source="import time; channel.send(b'up'); time.sleep(60)", limits=QUICK))
    assert conversation.receive() == b"up"
    result = conversation.close()
    assert (result.status, result.exit_code) == (Status.CANCELLED, None)
    assert result.wall_s < 3


def test_a_frame_beyond_the_largest_size_ends_the_conversation(sandbox: Sandbox) -> None:
    source = "import os, struct\nfor fd in range(3, 64):\n    try: os.write(fd, struct.pack('>I', 1 << 31))\n"
    source += "    except OSError: pass\nchannel.receive()"
    conversation = sandbox.converse(Program(source=source, limits=QUICK))
    with pytest.raises(ConversationEnded):
        conversation.receive()
    result = conversation.close()
    assert (result.status, result.exit_code) == (Status.OUTPUT_LIMIT, None)
    assert "2147483648" in result.detail


def test_a_flood_of_frames_that_nobody_reads_is_not_kept(sandbox: Sandbox) -> None:
    before_mb = resident_mb()
    conversation = sandbox.converse(Program(source="while True: channel.send(bytes(1 << 20))", limits=SHORT))
    with pytest.raises(ConversationEnded):
        send_for_ever(conversation)
    assert conversation.close().status is Status.TIMEOUT
    assert resident_mb() - before_mb < 24


def test_sending_more_than_a_frame_may_hold_is_the_callers_error(sandbox: Sandbox) -> None:
    conversation = sandbox.converse(Program(source=ECHO, limits=QUICK))
    with pytest.raises(ValueError, match="a frame may have"):
        conversation.send(bytes(MAX_FRAME + 1))
    assert conversation.close().exit_code == 0


def test_threads_run_jobs_side_by_side_and_each_gets_its_own_answer(sandbox: Sandbox) -> None:
    def square(number: int) -> str:
        return run_code(sandbox, f"print({number} ** 2)", limits=QUICK).stdout.text

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(square, range(8))) == [f"{n * n}\n" for n in range(8)]


def test_a_conversation_outlives_the_thread_that_began_it(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as pool:
        conversation = pool.submit(sandbox.converse, Program(source=ECHO, limits=QUICK)).result()
    conversation.send(b"ab")
    assert conversation.receive() == b"ba"
    assert conversation.close().exit_code == 0


def test_jobs_leave_no_descriptor_and_no_thread_behind(sandbox: Sandbox) -> None:
    def open_after(jobs: int) -> tuple[int, int]:
        for _ in range(jobs):
            run_code(sandbox, "pass", limits=QUICK)
            sandbox.converse(Program(source=ECHO, limits=QUICK)).close()
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    descriptors, threads = open_after(5)  # docker-py keeps up to 25 connections, one for each URL
    descriptors_later, threads_later = open_after(8)
    assert threads_later == threads
    assert descriptors_later <= descriptors + 8  # spares that are coming have three each; sixteen jobs would leak more
