"""The rules for system calls as real jobs meet them: hostile ones are refused, honest ones find all that they need."""

import errno
import json
import os
import signal
from contextlib import closing

import docker as engine
import pytest

from executor.run_code import run_code
from executor.sandbox import Limits, Sandbox
from executor.seccomp import container_profile
from executor.seccomp_calls import ANSWERS, CONDITIONAL, REFUSED, Numbers

LIMITS = Limits(wall_s=15.0, cpu_s=8.0, memory_mb=512, file_mb=8)
# What would need a capability, which a job does not have, unless the kernel errs.
ADMINISTRATION: dict[str, Numbers] = {
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51), "clock_settime": (227, 112),
    "delete_module": (176, 106), "fanotify_init": (300, 262), "finit_module": (313, 273), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433), "init_module": (175, 105),
    "ioperm": (173, None), "iopl": (172, None), "kcmp": (312, 272), "kexec_file_load": (320, 294),
    "kexec_load": (246, 104), "keyctl": (250, 219), "lookup_dcookie": (212, 18), "migrate_pages": (256, 238),
    "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429), "move_pages": (279, 239),
    "open_by_handle_at": (304, 265), "open_tree": (428, 428), "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438), "pivot_root": (155, 41), "process_madvise": (440, 440), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "reboot": (169, 142), "request_key": (249, 218), "setns": (308, 268),
    "settimeofday": (164, 170), "swapoff": (168, 225), "swapon": (167, 224), "syslog": (103, 116),
    "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282),
}  # fmt: skip
CLOSED = {name: numbers for group in REFUSED.values() for name, numbers in group.items()} | ADMINISTRATION

TRY_ALL = """
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    return ctypes.get_errno() if libc.syscall(number, *map(ctypes.c_long, arguments)) == -1 else 0
column = ["x86_64", "aarch64"].index(os.uname().machine)
print(json.dumps({name: call(numbers[column]) for name, numbers in CALLS.items() if numbers[column] is not None}))
"""


def attempts(calls: dict[str, Numbers]) -> str:
    return TRY_ALL.replace("CALLS", repr(calls))


def answers(said: str) -> dict[str, int]:
    """What should have been said of the calls that this machine has."""
    return {name: ANSWERS.get(name, errno.EPERM) for name in json.loads(said)}


def test_a_job_is_refused_every_call_that_it_may_not_make(isolated: Sandbox) -> None:
    result = run_code(isolated, attempts(CLOSED), limits=LIMITS)
    assert json.loads(result.stdout.text) == answers(result.stdout.text), result.stderr.text


@pytest.mark.docker
def test_the_containers_profile_alone_refuses_them_too(docker: Sandbox) -> None:
    with closing(engine.from_env()) as client:
        options = ["no-new-privileges", f"seccomp={container_profile()}"]
        said = client.containers.run(
            docker.tier.image, ["python3", "-c", attempts(CLOSED)], remove=True, user="65534", security_opt=options
        )
    assert json.loads(said) == answers(said.decode())


ODD = """
import ctypes, errno, fcntl, os, resource, socket, struct, termios
libc = ctypes.CDLL(None, use_errno=True)
def said(attempt):
    ctypes.set_errno(0)
    try:
        result = attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
    return errno.errorcode.get(ctypes.get_errno(), "?") if result == -1 else f"open: {result}"
pair, _ = socket.socketpair()
for family in (3, 16, 17, 38, 40, 44): print("family", said(lambda: socket.socket(family, socket.SOCK_RAW, 0)))
for kind, protocol in ((1, 132), (1, 262), (6, 0), (2, 1), (3, 1)):
    print("inet", said(lambda: socket.socket(socket.AF_INET, kind, protocol)))
print("pair", said(lambda: socket.socketpair(30)))
print("upper layer", said(lambda: pair.setsockopt(socket.IPPROTO_TCP, 31, b"tls")))
print("new namespace", said(lambda: libc.syscall(CLONE, 0x10000000 | 17, 0, 0, 0, 0)))
print("type into a terminal", said(lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x")))
print("reaper", said(lambda: libc.prctl(36, 1, 0, 0, 0)))
print("device", said(lambda: os.mknod("device", 0o020666, os.makedev(1, 3))))
print("limits of others", said(lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))))
"""


def test_a_job_is_refused_the_odd_ways_of_calls_that_are_open_otherwise(isolated: Sandbox) -> None:
    (clone,) = (call.numbers for call in CONDITIONAL if call.name == "clone")
    source = ODD.replace("CLONE", str(clone[("x86_64", "aarch64").index(os.uname().machine)]))
    result = run_code(isolated, source, limits=LIMITS)
    family = ["family EAFNOSUPPORT"] * 6 + ["inet EAFNOSUPPORT"] * 5 + ["pair EAFNOSUPPORT"]
    others = ["upper layer EPROTONOSUPPORT", "new namespace EPERM", "type into a terminal ENOTTY", "reaper EPERM"]
    last = ["device EPERM", "limits of others EPERM"]
    assert result.stdout.text.splitlines() == [*family, *others, *last], result.stderr.text


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only there a second set of numbers goes round a filter")
def test_the_calls_of_the_x32_interface_are_refused_or_end_the_job(isolated: Sandbox) -> None:
    source = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(39) > 0, flush=True)  # getpid
print(libc.syscall(0x40000000 + 39), ctypes.get_errno())
"""
    result = run_code(isolated, source, limits=LIMITS)
    assert result.stdout.text in {"True\n", "True\n-1 1\n"}
    assert result.signal == (signal.SIGSYS if result.stdout.text == "True\n" else None)


HONEST = """
import asyncio, concurrent.futures, ctypes, decimal, json, mmap, os, pathlib, random, secrets, select
import shutil, signal, socket, sqlite3, subprocess, sys, tarfile, tempfile, threading, time, uuid, zipfile

async def child():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(9)", stdout=-1)
    return (await process.communicate())[0]

def threads():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return sum(pool.map(abs, range(-9, 9)))

def copies():
    pathlib.Path("a").write_text("x")
    shutil.copy2("a", "b")
    os.mkdir("from")
    shutil.copytree("from", "to")
    os.mkfifo("pipe")
    with tarfile.open("a.tar", "w") as archive:
        archive.add("a")
    with tempfile.NamedTemporaryFile() as file:
        return os.path.exists(file.name)

def shell():
    command = "cp -a a c && mv c d && sort d | uniq && touch -d 2001-01-01 e && timeout 1 nice -n 3 find . -name d"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    return done.stdout.split(), done.stderr

def database():
    connection = sqlite3.connect("db")
    connection.execute("create table t(a)")
    connection.commit()
    return True

def clocks():
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.alarm(0)
    time.sleep(0.001)
    return time.monotonic() > 0

def numbers():
    random.seed(1)
    pages = mmap.mmap(-1, 4096)
    pages[0] = 1
    values = (secrets.token_bytes(2), uuid.uuid1(), uuid.uuid4(), decimal.Decimal(2).sqrt(), os.getloadavg())
    return all(values) and len(os.sched_getaffinity(0)) > 0 and json.loads("[1]") == [1]

def terminal():
    return sys.stdin.isatty(), shutil.get_terminal_size().columns

if __name__ == "__main__":
    print(asyncio.run(child()), threads(), copies(), shell())
    print(database(), clocks(), numbers(), terminal(), [socket.socketpair()[0].family.name])
"""


def test_honest_programs_find_all_that_they_need(sandbox: Sandbox) -> None:
    result = run_code(sandbox, HONEST, limits=LIMITS)
    first, second = result.stdout.text.splitlines()
    assert first == "b'9\\n' 81 True (['x', './d'], '')", result.stderr.text
    assert second == "True True True (False, 80) ['AF_UNIX']"


TOGETHER = """
import asyncio, concurrent.futures, multiprocessing
from multiprocessing import shared_memory
async def echo():
    async def answer(reader, writer):
        writer.write(await reader.read(3))
        writer.close()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"abc")
    said = await reader.read()
    writer.close()
    server.close()
    return said
def processes():
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        return sum(pool.map(abs, range(-9, 9)))

def queue():
    line = multiprocessing.get_context("fork").Queue()
    worker = multiprocessing.get_context("spawn").Process(target=print)
    worker.start()
    worker.join()
    line.put(3)
    return line.get(timeout=5)

def shared():
    memory = shared_memory.SharedMemory(create=True, size=10)
    memory.close()
    memory.unlink()
    return True

if __name__ == "__main__":
    print(asyncio.run(echo()), processes(), queue(), shared())
"""


def test_honest_processes_find_each_other_over_the_network_locks_and_shared_memory(sandbox: Sandbox) -> None:
    if sandbox.tier.kind == "landlock":
        pytest.skip("there a job would share the machine's network and its /dev/shm, and has neither")
    result = run_code(sandbox, TOGETHER, limits=LIMITS)
    assert result.stdout.text == "\nb'abc' 81 3 True\n", result.stderr.text


def test_a_zone_of_the_world_is_known(sandbox: Sandbox) -> None:
    source = "import datetime, zoneinfo\nzone = zoneinfo.ZoneInfo('Europe/Berlin')\n"
    source += "print(datetime.datetime(2024, 7, 1, tzinfo=zone).utcoffset())"
    result = run_code(sandbox, source, limits=LIMITS)
    assert result.stdout.text == "2:00:00\n" or "No time zone found" in result.stderr.text
