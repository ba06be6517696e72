"""What hostile jobs cannot do to their sandbox, their neighbours, the host and the jobs after them."""

import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.attacks import Attack, attacks
from executor.run_cmd import run_cmd
from executor.sandbox import Conversation, ExecutionResult, Limits, Program, Sandbox, Status

LIMITS = Limits(wall_s=5.0, cpu_s=2.0, memory_mb=256, file_mb=8, processes=32)
NEVER_AS_ROOT = "import os\nif os.getuid() == 0: raise SystemExit('BREACH: this is root')\n"
ONLY_BELOW_PID_1 = "import os\nif os.getppid() != 1: raise SystemExit('BREACH: this is no namespace')\n"
INPUT = bytes(1 << 20)

NEIGHBOUR = """
import os
secret = "the neighbour's" + " secret"
os.environ["SECRET"] = secret
with open("secret", "w") as file:
    file.write(secret)
while (frame := channel.receive()) is not None:
    channel.send(frame[::-1])
"""

NEXT = """
import json, os, resource, signal, socket, sys
marker = sys.argv[1]
def names(folder):
    try:
        return sorted(name for name in os.listdir(folder) if os.getppid() == 1 or marker in name or folder == ".")
    except OSError as error:
        return error.strerror
def answers(family, address):
    try:
        socket.socket(family).connect(address)
    except OSError:
        return False
    return True
def text(path):
    try:
        return open(path).read()
    except OSError as error:
        return error.strerror
stays = ("/tmp", "/dev/shm", "/dev/mqueue", "/dev/pts", "/dev/pts/ptmx") if os.getppid() == 1 else ()
network = ("dev", "tcp", "tcp6", "snmp", "netstat") if os.getppid() == 1 else ()
limits = [name for name in dir(resource) if name.startswith("RLIMIT_") and name != "RLIMIT_NPROC"]
print(json.dumps({
    "folders": [names(folder) for folder in (".", "/tmp", "/dev/shm", "/dev/mqueue")],
    "rights": [os.stat(path).st_mode for path in stays if os.path.exists(path)],
    "network": [text("/proc/net/" + name) for name in network],
    "processes": len([name for name in names("/proc") if name.isdigit()]) if os.getppid() == 1 else 0,
    # where the network is its own, its tables tell, and asking there would cost the slot
    "sockets": [answers(socket.AF_UNIX, chr(0) + marker),
                not network and answers(socket.AF_INET, ("127.0.0.1", 47391))],
    "ipc": [text("/proc/sysvipc/" + kind) for kind in ("shm", "sem", "msg")],
    "limits": [resource.getrlimit(getattr(resource, name)) for name in limits],
    "settings": [os.getpriority(0, 0), sorted(os.sched_getaffinity(0)), os.umask(0), text("/proc/self/oom_score_adj")],
    "signals": [[int(n) for n in signal.pthread_sigmask(0, [])], str(signal.getsignal(signal.SIGCHLD))],
    "environment": {name: value for name, value in os.environ.items() if name != "HOME"},
}))
"""


def next_job(sandbox: Sandbox, marker: str) -> dict[str, Any]:
    """What a job finds when it starts."""
    result = run_cmd(sandbox, ("python", "-c", NEXT, marker), limits=LIMITS)
    assert (result.status, result.stderr.text) == (Status.EXIT, "")
    found: dict[str, Any] = json.loads(result.stdout.text)
    return found


def names_in(folder: str) -> list[str]:
    """Full paths of what lies in a folder; none if it has gone meanwhile."""
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder)]  # noqa: PTH208  it may vanish, which glob minds
    except OSError:
        return []


def left_on_the_host(marker: str) -> list[str]:
    """Processes, files and memory of the host that bear the marker or the attacks' key."""
    found = []
    for process in names_in("/proc"):
        try:
            found += [process] if marker.encode() in Path(process, "cmdline").read_bytes() else []
        except OSError:
            continue
    folders = ["/dev/shm", "/dev/mqueue", "/var/tmp", "/tmp"]
    folders += [path for path in names_in("/tmp") if path.startswith("/tmp/builder-trainer-")]
    found += [path for folder in folders for path in names_in(folder) if marker in path]
    shared = [Path("/proc/sysvipc", kind).read_text(encoding="ascii") for kind in ("shm", "sem", "msg")]
    return found + [line for text in shared for line in text.splitlines() if line.split()[0] == "4711"]


def own_use() -> tuple[int, int]:
    """This process's descriptors and threads, but for those of a pool of slots, which stay once they had work."""
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("slot-")]
    return len(os.listdir("/proc/self/fd")), len(threads)  # noqa: PTH208  no path is wanted


def settled_use() -> tuple[int, int]:
    """The same, when no slot is being made or thrown away any more."""
    use = own_use()
    for _ in range(50):
        time.sleep(0.05)
        before, use = use, own_use()
        if use == before:
            break
    return use


def comes_true(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 3
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def attacked(sandbox: Sandbox, attack: Attack, marker: str, *, guard: str) -> ExecutionResult:
    began = time.monotonic()
    source = guard + attack.source
    files = {"main.py": source.encode()}
    result = run_cmd(sandbox, ("python", "main.py", marker), files=files, stdin=INPUT, limits=attack.limits)
    waits_for_a_service = 16 if sandbox.tier.kind == "socket" else 0  # those that cannot be proved clean come back late
    assert time.monotonic() - began < attack.limits.wall_s + 6 + waits_for_a_service
    return result


def neighbour_of(sandbox: Sandbox) -> Conversation:
    neighbour = sandbox.converse(Program(source=NEIGHBOUR, limits=replace(LIMITS, wall_s=60.0)))
    neighbour.send(b"before")
    assert neighbour.receive() == b"erofeb"
    return neighbour


def survived(sandbox: Sandbox, attack: Attack, *, guard: str = "") -> None:
    marker = f"left{uuid.uuid4().hex}"
    neighbour = neighbour_of(sandbox)
    clean, use = next_job(sandbox, marker), settled_use()
    result = attacked(sandbox, attack, marker, guard=guard)
    assert "BREACH" not in result.stdout.text + result.stderr.text
    assert result.status in attack.statuses, (result.status, result.detail, result.stderr.text)
    assert result.exit_code in {0, None}
    assert result.status not in {Status.EXIT, Status.SIGNAL} or "end\n" in result.stdout.text
    assert next_job(sandbox, marker) == clean
    assert comes_true(lambda: left_on_the_host(marker) == []), left_on_the_host(marker)
    # docker-py's pool of connections fills up and stays so; services dial whenever they are ready
    kept = {"docker": 25, "socket": 8}.get(sandbox.tier.kind, 0)
    assert comes_true(lambda: own_use()[0] <= use[0] + kept and own_use()[1] <= use[1])
    neighbour.send(b"after")
    assert neighbour.receive() == b"retfa"
    assert neighbour.close().status is Status.EXIT


@pytest.mark.parametrize("attack", attacks("anywhere"), ids=lambda attack: attack.name)
def test_a_hostile_job_gets_nothing_and_leaves_nothing(sandbox: Sandbox, attack: Attack) -> None:
    survived(sandbox, attack)


@pytest.mark.parametrize("attack", attacks("isolation"), ids=lambda attack: attack.name)
def test_a_hostile_job_harms_nobody_where_it_is_isolated(isolated: Sandbox, attack: Attack) -> None:
    survived(isolated, attack, guard=NEVER_AS_ROOT)


@pytest.mark.parametrize("attack", attacks("namespace"), ids=lambda attack: attack.name)
def test_a_hostile_job_cannot_stop_what_watches_it(namespaced: Sandbox, attack: Attack) -> None:
    survived(namespaced, attack, guard=NEVER_AS_ROOT + ONLY_BELOW_PID_1)


@pytest.mark.docker
@pytest.mark.parametrize("attack", attacks("container"), ids=lambda attack: attack.name)
def test_a_hostile_job_harms_its_own_container_only(docker: Sandbox, attack: Attack) -> None:
    survived(docker, attack, guard=NEVER_AS_ROOT + ONLY_BELOW_PID_1)


def test_a_secret_would_be_found_if_it_could_be_read(namespaced: Sandbox) -> None:
    attack = next(attack for attack in attacks("isolation") if attack.name == "reads_its_neighbours")
    secret = {"main.py": attack.source.encode(), "found": b"the neighbour's secret"}
    result = run_cmd(namespaced, ("python", "main.py"), files=secret, limits=LIMITS)
    assert "BREACH /tmp/job found" in result.stdout.text
