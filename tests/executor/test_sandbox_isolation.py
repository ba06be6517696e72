"""What a safe sandbox keeps from a hostile job, and what a job cannot make of its own failure."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from executor.run_cmd import run_cmd
from executor.run_code import run_code
from executor.sandbox import Job, Limits, Program, Sandbox, Status

ATTACKS = Path(__file__).resolve().parents[2] / "../shared/attacks/isolation"
LIMITS = Limits(wall_s=2.5, cpu_s=1.0)
QUICK = Limits(wall_s=5.0, cpu_s=2.0, memory_mb=256, file_mb=8)
END = Status.EXIT
NOTHING = "(?!)"
# What of each attack's output would prove that it got through, and how it may end.
EXPECTED = {
    "a01_fork_bomb": (NOTHING, {Status.TIMEOUT, Status.CPU_LIMIT}),
    "a02_memory_bomb": (r"\n560 MiB", {END, Status.OOM, Status.CPU_LIMIT}),
    "a04_disk_fill": (r"WROTE-MIB (1[6-9]\d|[2-9]\d\d|\d{4})", {END, Status.OOM}),
    "a06_infinite_stdout": (NOTHING, {Status.OUTPUT_LIMIT}),
    "a07_infinite_stderr_and_stdout": (NOTHING, {Status.OUTPUT_LIMIT}),
    "a08_loop_ignoring_sigterm": (NOTHING, {Status.CPU_LIMIT, Status.TIMEOUT}),
    "a09_sleep_forever": (NOTHING, {Status.TIMEOUT}),
    "a10_daemon_doublefork": (NOTHING, {END}),
    "a12_net_connect": ("NET-REACHED", {END}),
    "a13_dns": ("DNS-RESOLVED", {END}),
    "a15_read_secrets": ("SECRET-LEAK|docker.sock True", {END}),
    "a16_write_outside": ("WROTE /(etc|usr|root|var|run|opt|sbx)", {END}),
    "a17_kill_everything": (NOTHING, {END}),
    "a18_ptrace_parent": ("PTRACE-ATTACHED|PROC-OPEN|PIDFD-GETFD", {END}),
    "a21_huge_artifact": (r"size (6[5-9]|[7-9]\d|\d{3}) MiB", {END}),
    "a22_sparse_artifact": ("SPARSE", {END}),
    "a24_fd_exhaustion": (r"FDS \d{4}", {END}),
    "a25_deep_recursion_segv": (NOTHING, {Status.SIGNAL, Status.CPU_LIMIT, Status.TIMEOUT}),
    "a26_ctypes_segv": (NOTHING, {Status.SIGNAL}),
    "a27_nul_and_control_output": (NOTHING, {END}),
    "a28_invalid_utf8": (NOTHING, {END}),
    "a29_zip_bomb": (NOTHING, {END, Status.OOM, Status.CPU_LIMIT, Status.TIMEOUT}),
    "a31_close_stdout": (NOTHING, {END}),
    "a32_fake_protocol": (NOTHING, {END}),
    "a34_chmod_rm_cwd": (NOTHING, {END}),
    "a35_stop_self": (NOTHING, {Status.TIMEOUT}),
    "a36_thread_bomb": (r"THREADS \d{3}", {END}),
    "a39_poison_next_job": (r"PLANTED /usr|WRITABLE", {END}),
    "a40_fake_137": (NOTHING, {Status.SIGNAL}),
    "a42_partial_output_then_hang": (NOTHING, {Status.TIMEOUT}),
    "a44_hash_seed": (NOTHING, {END}),
    "a45_kernel_surface": ("SYSCALL-OPEN", {END}),
    "a46_clock": ("CLOCK-SET", {END}),
}
IN_LANDLOCK = {  # where there is no socket at all, and names, but not contents, can be looked up
    "a12_net_connect": ("NET-REACHED", 1),
    "a15_read_secrets": ("SECRET-LEAK|shadow bytes [1-9]", 0),
    "a16_write_outside": ("WROTE", 0),
}
AFTER = """
import os
found = []
for folder in (".", "/tmp", "/dev/shm"):
    try:
        found += os.listdir(folder)
    except PermissionError:
        pass
print(sorted(found))
"""
EXIT_CODES = {"a02_memory_bomb": 1, "a29_zip_bomb": 1, "a31_close_stdout": 7, "a32_fake_protocol": 9}


@pytest.mark.shared
@pytest.mark.skipif(not ATTACKS.is_dir(), reason="the attacks lie beside the checkout")
@pytest.mark.parametrize("name", EXPECTED)
def test_an_attack_gets_nothing_and_the_next_job_finds_nothing_of_it(isolated: Sandbox, name: str) -> None:
    source = (ATTACKS / f"{name}.py").read_text(encoding="utf-8")
    proof, statuses = EXPECTED[name]
    exit_code = EXIT_CODES.get(name, 0)
    if isolated.tier.kind == "landlock":  # which ends jobs that fill the disk
        proof, exit_code = IN_LANDLOCK.get(name, (proof, exit_code))
        statuses = statuses | {Status.DISK_LIMIT}
    result = run_code(isolated, source, limits=LIMITS)
    assert result.status in statuses
    assert result.exit_code in {exit_code, None}
    assert re.search(proof, result.stdout.text) is None
    left = run_code(isolated, AFTER, limits=LIMITS).stdout.text
    assert left == ("['main.py']\n" if isolated.tier.kind == "landlock" else "['job', 'main.py']\n")


def test_a_job_sees_no_file_of_the_host_and_cannot_be_root(namespaced: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary", encoding="utf-8")
    source = "import os, sys\nprint(os.path.exists(sys.argv[1]), os.path.exists('/etc/shadow-'), os.getuid() == 0)\n"
    source += "try: os.setuid(0)\nexcept OSError: print('refused')"
    result = run_cmd(namespaced, ("python", "-c", source, str(secret)), limits=QUICK)
    assert result.stdout.text == "False False False\nrefused\n"


def test_a_job_sees_its_own_processes_only(namespaced: Sandbox) -> None:
    source = "import os; print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit())[-1] < 20, os.getppid())"
    assert run_code(namespaced, source, limits=QUICK).stdout.text == "True 1\n"


SLOWLY = "\nimport time; total > 8 << 20 and time.sleep(2)\n"


def test_a_job_can_write_to_its_temporary_directories_only_and_no_more_than_its_limit(namespaced: Sandbox) -> None:
    source = """
import os
for top in ("/", "/usr", "/etc", "/dev", "/proc/sys/kernel", "/root", "/var/tmp"):
    try:
        open(top + "/x", "w")
        print("wrote", top)
    except OSError:
        pass
total = 0
for number in range(20):
    try:
        with open(f"/tmp/{number}", "wb") as file:
            total += file.write(bytes(1 << 20))
            file.flush()
    except OSError as error:
        print(error.strerror)
        break
print(total <= 8 << 20)
"""
    result = run_code(namespaced, source + SLOWLY, limits=QUICK)
    if namespaced.tier.kind == "socket":  # its file system is as large as the service's, so its use is looked at
        assert (result.status, "wrote" in result.stdout.text) == (Status.DISK_LIMIT, False)
    else:
        assert result.stdout.text == "No space left on device\nTrue\n"


def test_an_honest_job_may_use_threads_subprocesses_locks_and_loopback(namespaced: Sandbox) -> None:
    source = """
import multiprocessing, socket, subprocess, sys, tempfile, threading
lock = multiprocessing.Lock()
threads = [threading.Thread(target=lock.acquire, args=(True, 0.1)) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.TemporaryFile() as file: file.write(b"x")
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout)
"""
    result = run_code(namespaced, source, limits=QUICK)
    assert (result.stderr.text, result.stdout.text) == ("", "42\n\n")


def test_a_fork_bomb_is_held_ended_and_leaves_the_sandbox_usable(isolated: Sandbox) -> None:
    source = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    result = run_code(isolated, source, limits=replace(QUICK, wall_s=1.0, processes=16))
    assert result.status in {Status.TIMEOUT, Status.CPU_LIMIT}
    assert run_code(isolated, "print(1)", limits=QUICK).stdout.text == "1\n"


def test_processes_that_share_the_work_share_the_cpu_limit(isolated: Sandbox) -> None:
    source = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"
    result = run_code(isolated, source, limits=replace(QUICK, wall_s=8.0, cpu_s=1.0))
    assert result.status is Status.CPU_LIMIT
    assert "its processes together used" in result.detail


def test_a_program_cannot_reach_the_reports_or_the_agent(isolated: Sandbox) -> None:
    source = """
import os, struct
report = b'{"event": "result", "status": "exit", "exit_code": 0}'
reached = []
for path in ("/proc/1/fd/2", "/proc/1/fd/3", "/proc/1/mem", "/proc/1/environ"):
    try:
        reached.append(os.open(path, os.O_RDWR))
    except OSError:
        pass
for number in (2, 9, 15, 19):
    try:
        os.kill(1, number)
    except OSError:
        pass
for fd in range(3, 256):
    try:
        os.write(fd, struct.pack(">I", len(report)) + report)
    except OSError:
        pass
print(reached, flush=True)
os._exit(5)
"""
    conversation = isolated.converse(Program(source=source, limits=QUICK))
    assert conversation.receive().startswith(b'{"event": "result"')
    result = conversation.close()
    assert (result.status, result.exit_code, result.stdout.text) == (END, 5, "[]\n")


@pytest.mark.skipif(os.uname().machine not in {"x86_64", "aarch64"}, reason="no filter for this machine")
def test_namespaces_tracing_and_memory_outside_the_limits_are_refused(isolated: Sandbox) -> None:
    source = """
import ctypes, errno, os, resource, socket
libc = ctypes.CDLL(None, use_errno=True)
def refused(call, *args):
    ctypes.set_errno(0)
    return call(*args) < 0 and errno.errorcode[ctypes.get_errno()]
print(refused(libc.unshare, 0x10000000), refused(libc.ptrace, 0, 0, 0, 0), refused(libc.shmget, 0, 4096, 0o1600))
for attempt in (
    lambda: os.memfd_create("m"), lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0)), lambda: socket.socket(40),
):
    try:
        print("open", attempt())
    except OSError as error:
        print(errno.errorcode[error.errno], end=" ")
"""
    result = run_code(isolated, source, limits=QUICK)
    assert result.stdout.text == "EPERM EPERM EPERM\nEPERM EPERM EAFNOSUPPORT "


def test_a_link_that_a_job_puts_in_the_place_of_its_folder_is_not_followed(isolated: Sandbox) -> None:
    source = (
        "import os\nwork = os.getcwd()\nopen('mine.txt', 'w').write('mine')\nos.chdir('/')\n"
        "try:\n    os.rename(work, work + '-away')\n    os.symlink('/etc', work)\nexcept OSError:\n    pass\n"
    )
    job = Job(argv=("python", "main.py"), files={"main.py": source.encode()}, collect=("*",))
    assert set(isolated.run(job).artifacts) <= {"mine.txt", "main.py"}
