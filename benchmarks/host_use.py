"""What a sandbox holds and leaves, seen from the host: by /proc, and for containers by the engine's command line."""

import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from executor.agent.kernel import PR_SET_CHILD_SUBREAPER, prctl

ENGINE_S = 60
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
OWNER = "builder-trainer.owner"
IPC_KEY = "4711"
"""Of the attacks' System V objects."""
PROC = Path("/proc")


def own_label() -> str:
    """The label of the containers that this process makes."""
    return f"{OWNER}={os.getpid()}"


def engine(*words: str) -> list[str]:
    """The lines that `docker WORDS` prints; none where there is no engine."""
    try:
        ran = subprocess.run(("docker", *words), capture_output=True, text=True, check=False, timeout=ENGINE_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return ran.stdout.split("\n")[:-1]


def containers(label: str) -> list[str]:
    """The ids of all containers with that label."""
    return engine("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}")


@dataclass(frozen=True, slots=True)
class Use:
    """What the supervising process holds."""

    memory_mb: float
    descriptors: int
    threads: int


def resident_mb(pid: int) -> float:
    """Resident memory of a process, MiB.

    Raises:
        OSError: it has gone.
    """
    return int((PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1]) * PAGE_MB


def own_use() -> Use:
    """What this process holds now."""
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names only
    return Use(resident_mb(os.getpid()), descriptors, threading.active_count())


@dataclass(frozen=True, slots=True)
class SlotUse:
    """Resident memory of the two processes that stay in a slot, MiB; `slot` is the same for the same slot only."""

    slot: str
    agent_mb: float
    zygote_mb: float


def agents(label: str) -> list[int]:
    """The ids of the agents that live now: below this process, and in the running containers with that label.

    None where an agent has no namespace of its own to be the first process of.
    """
    running = engine("ps", "--quiet", "--no-trunc", "--filter", f"label={label}")
    firsts = [int(pid) for pid in engine("inspect", "--format", "{{.State.Pid}}", *running)] if running else []
    return [pid for pid in (*firsts, *descendants(os.getpid())) if _inner_id(pid) == 1]


def slots(label: str) -> list[SlotUse]:
    """What the slots hold that live now."""
    found = (_slot(pid) for pid in agents(label))
    return [slot for slot in found if slot is not None]


def _slot(pid: int) -> SlotUse | None:
    """The slot whose agent that process is; None if it goes while one looks, or has no zygote (yet)."""
    try:
        zygote = min(children(pid), key=_born, default=None)  # it is older than every job
        return SlotUse(f"{pid} of {_born(pid)}", resident_mb(pid), resident_mb(zygote)) if zygote else None
    except OSError:
        return None


def _inner_id(pid: int) -> int:
    """The process's id in the innermost of its namespaces; 0 for one of the host's own, and for one that has gone."""
    try:
        status = (PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    ids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
    return int(ids[-1]) if len(ids) > 1 else 0


def _born(pid: int) -> int:
    """When a process started, in ticks since the machine did."""
    return int(_stat(pid)[19])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat that follow the name, of which the first is the state."""
    return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def children(pid: int) -> list[int]:
    """The ids of a process's children; none if it has gone."""
    found = []
    try:
        for task in (PROC / str(pid) / "task").iterdir():
            found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    except OSError:
        return found
    return found


def descendants(pid: int) -> Iterator[int]:
    """The ids of all that came from a process and still is below it."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def adopt_orphans() -> None:
    """From now on whatever of this process's descendants outlives its parent becomes its child, and is found there."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def left_processes(marker: str) -> list[str]:
    """Descendants of this process that live, and processes of the whole host, containers included, with the marker."""
    below = {*descendants(os.getpid())}
    return [told for pid, command, told in _living() if marker.encode() in command or pid in below]


def processes_named(marker: str) -> list[str]:
    """Processes of the whole host with the marker in their command line."""
    return [told for _, command, told in _living() if marker.encode() in command]


def _living() -> Iterator[tuple[int, bytes, str]]:
    """Of each living process its id, its command line, and both in words."""
    for process in PROC.iterdir():
        try:
            command = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
            lives = bool(command) and _stat(int(process.name))[0] not in "ZX"
        except OSError:
            continue
        if lives:
            yield int(process.name), command, f"process {process.name}: {command[:60]!r}"


def left_files(marker: str, folder: Path) -> list[str]:
    """What lies in the folder for the sandbox's own ones, and what bears the marker in the host's common places."""
    found = [str(path) for path in folder.iterdir()]
    for place in ("/dev/shm", "/dev/mqueue", "/tmp", "/var/tmp"):
        found += [str(path) for path in Path(place).glob(f"*{marker}*")]
    return found


def left_in_kernel(marker: str) -> list[str]:
    """Unix sockets with the marker, and System V objects with the attacks' key."""
    sockets = (PROC / "net" / "unix").read_text(encoding="utf-8", errors="replace").splitlines()
    found = [f"socket {line}" for line in sockets if marker in line]
    for kind in ("shm", "sem", "msg"):
        lines = (PROC / "sysvipc" / kind).read_text(encoding="ascii").splitlines()
        found += [f"{kind} {line}" for line in lines if line.split()[0] == IPC_KEY]
    return found


def left(marker: str, folder: Path) -> list[str]:
    """Everything that is still there when a sandbox of this process has been closed."""
    boxes = [f"container {name}" for name in containers(own_label())]
    return left_processes(marker) + left_files(marker, folder) + left_in_kernel(marker) + boxes
