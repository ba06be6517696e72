"""The processes of a job: who they are, what they used, and the ways to end them all."""

# pathlib would add 3.7 ms to the 20 ms that an agent takes to start
# ruff: noqa: PTH116, PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import signal
import sys

from executor.agent.kernel import PR_SET_PDEATHSIG, parent_death_signal, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65_534  # a user id that no job gets
CGROUP_OOM = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
CGROUP_MEMORY = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
NO_LIMIT = 1 << 60
CGROUP_CPU_V1 = ("/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage")


class Process:
    """One line of /proc: parent, state, used CPU seconds with those of the children it waited for."""

    def __init__(self, stat: str) -> None:
        fields = stat[stat.rindex(")") + 2 :].split()
        self.state, self.parent = fields[0], int(fields[1])
        self.cpu_s = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def all_processes() -> dict[int, Process]:
    """Every process that /proc shows."""
    found = {}
    for entry in os.listdir("/proc") if sys.platform == "linux" else []:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                    found[int(entry)] = Process(stat.read())
            except (OSError, ValueError):
                continue  # it has ended meanwhile
    return found


def job_processes(zygote: int) -> dict[int, Process]:
    """The agent's descendants but for its zygote; all that come from a job are among them, as orphans come to it."""
    everyone = all_processes()
    mine = {os.getpid()}
    grown = True
    while grown:
        more = {pid for pid, process in everyone.items() if process.parent in mine and pid != zygote} - mine
        mine |= more
        grown = bool(more)
    mine.discard(os.getpid())
    return {pid: everyone[pid] for pid in mine}


def tasks_of(uid: int) -> int:
    """How many processes and threads the user has now; 0 where /proc cannot tell."""
    count = 0
    for entry in os.listdir("/proc") if sys.platform == "linux" else []:
        try:
            status = os.stat(f"/proc/{entry}/task") if entry.isdigit() else None
        except OSError:
            continue
        count += status.st_nlink - 2 if status is not None and status.st_uid == uid else 0
    return count


@contextlib.contextmanager
def borrowed(uid: int | None) -> Iterator[None]:
    """Act as the job's user for a moment, when it has no process; a root agent in a container may do nothing else."""
    if uid is None:
        yield
        return
    at_parents_end = parent_death_signal()
    os.setresgid(-1, uid, -1)
    os.setresuid(-1, uid, -1)
    try:
        yield
    finally:
        os.setresuid(-1, 0, -1)
        os.setresgid(-1, 0, -1)
        prctl(PR_SET_PDEATHSIG, at_parents_end)  # a change of the uid clears it


def kill_all_as(uid: int) -> None:
    """As PID 1: end every process of the job. One kill(-1) is complete: the kernel lets no fork slip past it.

    A root agent has no CAP_KILL; it borrows the job's uid. The real uid counts, too, on both sides: with one that
    nobody has it does not reach its zygote, and with a saved one of root no job reaches it.
    """
    if os.getpid() != 1:
        raise RuntimeError("only PID 1 of a namespace may end everything")
    at_parents_end = parent_death_signal()
    os.setresuid(NOBODY, uid, 0)
    kill_quietly(-1, signal.SIGKILL)
    os.setresuid(0, 0, 0)
    prctl(PR_SET_PDEATHSIG, at_parents_end)  # a change of the uid clears it


def kill_descendants(child: int, zygote: int) -> None:
    """Without a user of its own: stop everything first so that nothing forks away, then end it."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    stopped: set[int] = set()
    while fresh := {pid for pid, process in job_processes(zygote).items() if process.state not in "ZX"} - stopped:
        for pid in fresh:
            kill_quietly(pid, signal.SIGSTOP)
        stopped |= fresh
    for pid in stopped:
        kill_quietly(pid, signal.SIGKILL)


def kill_quietly(pid: int, number: int) -> None:
    """Signal pid if it is there."""
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def cgroup_oom_kills() -> int:
    """How many processes the kernel ended in this container for lack of memory; 0 where no cgroup tells."""
    for path in CGROUP_OOM:
        try:
            with open(path, encoding="ascii") as counters:
                return sum(int(line.split()[1]) for line in counters if line.startswith("oom_kill "))
        except OSError:
            continue
    return 0


def cgroup_memory() -> int | None:
    """Bytes that this container may use; None where no cgroup limits them."""
    for path in CGROUP_MEMORY:
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as limit:
            found = int(limit.read())
            return found if found < NO_LIMIT else None
    return None


def cgroup_cpu_s() -> float | None:
    """CPU seconds of all that ever ran in this container, by cgroup v2 or v1; None where no cgroup tells."""
    with contextlib.suppress(OSError), open("/sys/fs/cgroup/cpu.stat", encoding="ascii") as counters:
        for line in counters:
            if line.startswith("usage_usec "):
                return int(line.split()[1]) / 1e6
    for path in CGROUP_CPU_V1:
        with contextlib.suppress(OSError), open(path, encoding="ascii") as counter:
            return int(counter.read()) / 1e9
    return None
