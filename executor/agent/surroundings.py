"""What the agent can see of the place where it runs: who it may be, how it is shut in, what it may use."""

# ruff: noqa: PTH123

from __future__ import annotations

import os
import sys

from executor.agent.processes import cgroup_memory, tasks_of
from executor.agent.workspace import MIB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_JOBS = 1000  # user ids of a slot; the host recycles it long before
FIRST_USER, LAST_USER = 60_000, 64_999  # for jobs where a namespace maps only the usual 65,536 ids
FIRST_HIGH_USER = 1 << 20


class Users:
    """User ids for jobs, each once, from a base of this agent's own: the kernel counts processes by id, for all slots
    together.
    """

    def __init__(self, *, given: bool) -> None:
        self._given, self._next = given and os.getuid() == 0, 0
        chance = int.from_bytes(os.urandom(4), "big")
        self._base = FIRST_HIGH_USER + chance % (1 << 20) * MOST_JOBS if _all_ids_are_mapped() else 0
        self._chance = chance

    def fresh(self) -> int | None:
        """An id that runs nothing; None where jobs have this agent's own."""
        if not self._given:
            return None
        self._next += 1
        if self._base:
            return self._base + self._next % MOST_JOBS
        while tasks_of(uid := FIRST_USER + (self._chance + self._next) % (LAST_USER - FIRST_USER)):
            self._next += 1
        return uid


def _all_ids_are_mapped() -> bool:
    """Whether this user namespace has ids beyond the usual ones."""
    try:
        with open("/proc/self/uid_map", encoding="ascii") as spans:
            return any(int(first) == 0 and int(count) >= 1 << 31 for first, _, count in map(str.split, spans))
    except OSError:
        return False


def limits_of(pid: int) -> str:
    """A process's limits, as the kernel tells them."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        return limits.read()


def facts(roots: list[str]) -> dict[str, Any]:
    """What this machine shows of how it is shut in, for a host that did not make it; nothing where /proc is silent."""
    found: dict[str, Any] = {"python": sys.version.split()[0]}
    found["read_only_root"] = bool(os.statvfs("/").f_flag & os.ST_RDONLY)
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
            status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        with open("/proc/net/dev", encoding="ascii") as lines:
            cards = [line.split(":")[0].strip() for line in lines if ":" in line]
    except OSError:
        return found
    found["network"] = [card for card in cards if card != "lo"]
    for name, field in (("capabilities", "CapBnd"), ("no_new_privileges", "NoNewPrivs"), ("seccomp", "Seccomp")):
        found[name] = status.get(field, "")
    if roots:
        space = os.statvfs(roots[0])
        found["file_mb"], found["inodes"] = space.f_blocks * space.f_frsize // MIB, space.f_files
    memory = cgroup_memory()
    return found if memory is None else {**found, "memory_mb": memory // MIB}
