"""What Landlock keeps from a hostile job, as root and as an ordinary user, with each version; where it is not there."""

import json
import os
import shutil
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from executor.landlock import kernel_version, known_rights
from executor.landlock_calls import OWN_PID, extra_filters
from executor.landlock_sandbox import LandlockSandbox, gaps_of
from executor.process_sandbox import base_python
from executor.run_code import run_code
from executor.sandbox import Limits, Sandbox, Status
from executor.seccomp import seccomp_programs
from utils.errors import SandboxFault

ROOT = Path(__file__).resolve().parents[2]
QUICK = Limits(wall_s=5.0, cpu_s=2.0, memory_mb=256, file_mb=8)
NOBODY_ELSE = 61_999  # a user that owns nothing, for hosts that are no root
WITHOUT_PROTECTION = {
    "read", "list", "read through a symlink", "hard link", "read /etc/passwd", "read another's command line",
    "append", "truncate", "truncate by reading", "truncate by neither", "create", "create beside its own folder",
    "create in /dev/shm", "make a folder", "chmod", "utime", "kill", "kill by descriptor", "kill a thread",
    "TCP", "listen", "UDP", "abstract socket", "pathname socket", "datagram through a pair", "delete",
}  # fmt: skip
NO_LANDLOCK = """
import ctypes, struct, sys
from executor.landlock_sandbox import LandlockSandbox
from utils.errors import SandboxFault
program = b"".join(struct.pack("=HBBI", *each) for each in (
    (0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50000 | int(sys.argv[1])), (0x06, 0, 0, 0x7FFF0000)))
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, ctypes.byref(Filter(len(program) // 8, program)), 0, 0) == 0
try:
    LandlockSandbox()
except SandboxFault as fault:
    print(fault)
"""
HONEST = """
import asyncio, os, shutil, signal, socket, subprocess, sys, tarfile, tempfile, threading
threads = [threading.Thread(target=lambda: None) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.TemporaryDirectory() as folder:
    open(folder + "/one", "w").write("1")
    shutil.copy2(folder + "/one", folder + "/two")
    os.rename(folder + "/two", folder + "/three")
    with tarfile.open("all.tar", "w") as tar: tar.add(folder, "all")
with tarfile.open("all.tar") as tar: tar.extractall("out")
one, two = socket.socketpair()
one.send(b"x")
signal.signal(signal.SIGUSR1, lambda *_: print("signalled", flush=True))
os.kill(os.getpid(), signal.SIGUSR1)
open("/dev/null", "w").write(open("/dev/zero", "rb").read(2).decode())
asyncio.run(asyncio.sleep(0))
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout, end="")
print(two.recv(1), sorted(os.listdir("out/all")), os.stat("out/all/three").st_size)
"""


@pytest.fixture(scope="module", autouse=True)
def _needs_landlock() -> None:
    try:
        LandlockSandbox().close()
    except SandboxFault as fault:
        pytest.skip(str(fault))


def run_python(user: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python of this checkout, as that user."""
    other = user != os.geteuid()
    python = pythons()[0] if other else sys.executable
    paths = os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("-packages"))])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        (python, *arguments), env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=60,
        user=user if other else None, group=user if other else None, extra_groups=() if other else None,
    )  # fmt: skip


@cache
def pythons() -> tuple[str, ...]:
    """Pythons of this version, those that everybody can run first."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return tuple(path for path in (shutil.which(name, path="/usr/local/bin:/usr/bin"), str(base_python())) if path)


def attacked(kind: str, version: int, *, own_user: bool = False) -> dict[str, Any]:
    """What the attacks of `landlock_host` got, on a host that is root or an ordinary user."""
    if own_user and os.geteuid() != 0:
        pytest.skip("only root gives each job a user of its own")
    user = NOBODY_ELSE if os.geteuid() == 0 and not own_user else os.geteuid()
    ran = run_python(user, "-m", "tests.executor.landlock_host", kind, str(version))
    if "ModuleNotFoundError" in ran.stderr or "Permission denied" in ran.stderr:
        pytest.skip("no other user can run Python in this checkout")
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_without_protection_the_attacks_get_through() -> None:
    found = attacked("process", 0)
    assert set(found["reached"]) >= WITHOUT_PROTECTION
    assert found["signals"] == [10, 12]
    for left in (Path("/dev/shm/builder-trainer-planted"), Path(found["work"]).parent / "builder-trainer-planted"):
        left.unlink()


@pytest.mark.parametrize("version", range(1, 8))
def test_a_job_of_the_same_user_reaches_nothing_with_any_version(version: int) -> None:
    found = attacked("landlock", version)
    assert (found["reached"], found["signals"], found["secret"]) == ([], [], "canary"), found
    assert found["uid"] == found["own uid"] != 0
    assert found["work left"] is False
    assert any("run as the loop's user" in gap for gap in found["gaps"])


@pytest.mark.parametrize("version", [1, 7])
def test_a_job_of_root_has_a_user_of_its_own_and_reaches_nothing(version: int) -> None:
    found = attacked("landlock", version, own_user=True)
    assert (found["reached"], found["signals"], found["secret"]) == ([], [], "canary"), found
    assert (found["own uid"], found["uid"] >= 60_000, found["work left"]) == (0, True, False)


@pytest.mark.parametrize("version", [2, 5, 7])
def test_an_honest_job_may_use_threads_subprocesses_files_and_pairs(version: int) -> None:
    sandbox = LandlockSandbox(version=version)
    result = run_code(sandbox, HONEST, limits=QUICK)
    sandbox.close()
    assert (result.stderr.text, result.stdout.text) == ("", "signalled\n42\nb'x' ['one', 'three'] 1\n")


def test_an_honest_job_of_the_same_user_may_do_the_same() -> None:
    if os.geteuid() != 0:
        pytest.skip("the other test has done it")
    script = f"""
from executor.landlock_sandbox import LandlockSandbox
from executor.run_code import run_code
for version in (2, 5, 7):
    result = run_code(LandlockSandbox(version=version), {HONEST!r})
    print(result.stderr.text, result.stdout.text)
"""
    ran = run_python(NOBODY_ELSE, "-c", script)
    if ran.returncode != 0:
        pytest.skip(f"no other user can run Python in this checkout: {ran.stderr}")
    assert ran.stdout == " signalled\n42\nb'x' ['one', 'three'] 1\n\n" * 3


@pytest.mark.parametrize(
    ("number", "words"), [(38, "needs Linux 5.13 or later"), (95, "switched off: add landlock"), (1, "seccomp profile")]
)
def test_a_kernel_that_does_not_give_landlock_is_told_with_what_to_do(number: int, words: str) -> None:
    ran = run_python(os.geteuid(), "-c", NO_LANDLOCK, str(number))
    assert (words in ran.stdout, ran.stderr) == (True, ""), ran


def test_a_job_that_fills_the_disk_with_many_files_is_ended_and_they_are_gone(landlock: Sandbox) -> None:
    source = "import os, time\nprint(os.getcwd(), flush=True)\n"
    source += "for n in range(4): open(str(n), 'wb').write(bytes(4 << 20))\ntime.sleep(4)"
    result = run_code(landlock, source, limits=QUICK)
    assert (result.status, "its files took " in result.detail) == (Status.DISK_LIMIT, True), result
    assert not Path(result.stdout.text.strip()).exists()


@pytest.mark.parametrize(
    "hide",
    [
        "for n in range(10_001): os.link('main.py', str(n))",
        "for _ in range(2500): os.mkdir('dd'); os.chdir('dd')",
    ],
)
def test_a_folder_that_cannot_be_measured_is_too_full(landlock: Sandbox, hide: str) -> None:
    result = run_code(landlock, f"import os, time\n{hide}\ntime.sleep(4)", limits=QUICK)
    assert result.status is Status.DISK_LIMIT


def test_a_job_finds_nothing_of_the_job_before_it(landlock: Sandbox) -> None:
    first = run_code(landlock, "import os\nopen('left', 'w').write('x')\nprint(os.getcwd(), os.getuid())", limits=QUICK)
    work = first.stdout.text.split()[0]
    second = run_code(landlock, f"import os\nprint(os.path.exists({work!r}), os.listdir())", limits=QUICK)
    assert second.stdout.text == "False ['main.py']\n"


def test_gaps_are_those_of_the_version_and_the_user() -> None:
    newest, oldest = (gaps_of(version, own_user=False, readable=[]) for version in (7, 1))
    assert [gap for gap in oldest if gap not in newest] == [
        "code that signals its subprocesses fails here, as Landlock's version 1 knows no signals",
        "os.truncate fails here, as Landlock's version 1 knows nothing of it",
        "code that moves files between folders fails here, as Landlock's version 1 forbids it",
    ]
    assert not any("the loop's user" in gap for gap in gaps_of(7, own_user=True, readable=[]))
    assert f"{ROOT.parent} can be read by jobs" in gaps_of(7, own_user=True, readable=[str(ROOT.parent)])[-1]


def test_each_version_knows_more_rights_than_the_one_before() -> None:
    assert [known_rights(version).bit_length() for version in range(1, 8)] == [13, 14, 15, 15, 16, 16, 16]
    assert 1 <= kernel_version() <= 7


def test_what_stands_for_a_jobs_process_is_in_no_other_filter() -> None:
    placeholder = struct.pack("=I", OWN_PID)
    assert not any(placeholder in code for code in seccomp_programs().values())
    assert not any(placeholder in code for code in extra_filters(own_user=False, version=6).values())
    assert all(placeholder in code for code in extra_filters(own_user=False, version=5).values())
