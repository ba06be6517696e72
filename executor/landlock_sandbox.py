"""Runs code in a Landlock domain, for Linux where neither Docker nor bubblewrap can be had; needs no privilege.

A job may read and execute what Python needs and nothing else, write in a folder of its own that is removed after it,
and open no socket. The agent outside its domain is a child sub-reaper, so that daemons are found and ended.

A loop that runs as root gives each job a user id of its own, which owns nothing; it needs the capabilities for that,
and a Python that everybody may read. Any other loop shares its user with its jobs: then a second filter takes away
what the kernel lets a user do to its own files and processes whatever Landlock says (`executor.landlock_calls`).

It does not cover: kernel exploits, side channels, what the tier's gaps name, and an agent that the kernel ends for
lack of memory, which can leave daemons behind.
"""

import base64
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from executor.agent_bundle import agent_command
from executor.isolation import AgentConfig
from executor.landlock import LOOK, READ_FILE, WRITE_FILE, Rule, Ruleset, kernel_version, ruleset
from executor.landlock_calls import extra_filters
from executor.pipes import PipeIsolation
from executor.pooled_sandbox import PooledSandbox
from executor.process_sandbox import ONE_JOB, agent_in_folder, base_python, new_folder, sweep_folders
from executor.sandbox import Limits, Tier
from executor.sandbox_packages import python_flags, require_packages
from executor.seccomp import MACHINES, seccomp_digest
from utils.errors import SandboxFault
from utils.settings import ROOT

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/libx32")
FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/dev/urandom", "/dev/random")
DEVICES = ("/dev/null", "/dev/zero")
NEEDED = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}
LAST_JOB_ID = 65_000
GAPS = (
    "memory is limited for each process, not for all processes of a job together",
    "what a job's folder takes is looked at up to twenty times a second; what was deleted while open is not counted",
    "the host's kernel is shared",
    "code that needs sockets, /proc, /dev/shm or multiprocessing's locks fails here",
)
OWN_USER = "names, sizes and times of files that everybody may look up can be seen, but not what is in them"
SAME_USER = (
    "jobs run as the loop's user: names, sizes and times of its files can be seen, but not what is in them",
    "the limit of processes counts all that the loop's user runs",
    "chmod and utime seem to work in jobs and change nothing",
)


class LandlockSandbox(PooledSandbox):
    """Runs every job in a fresh Landlock domain.

    Args:
        reason: why this kind was chosen, for the tier.
        version: of Landlock, if less shall be used than this kernel has.
        packages: what jobs may import besides; this machine's Python has to have them.

    Raises:
        SandboxFault: the kernel has no Landlock, or something else is missing; says what to do.
    """

    def __init__(
        self, *, reason: str = "asked for", version: int | None = None, packages: tuple[str, ...] = ()
    ) -> None:
        here = kernel_version()
        version = here if version is None else min(version, here)
        if os.uname().machine not in MACHINES:
            raise SandboxFault(f"no seccomp filter: the kernel's calls on {os.uname().machine} are not listed")
        own_user = os.geteuid() == 0
        if own_user:
            _can_give_users()
        python = _python(own_user=own_user)
        require_packages(str(python), packages)
        rules = ruleset(version, _rules(python))
        self._parent = _parent(own_user=own_user)
        sweep_folders(self._parent)
        self._command = agent_command(str(python), flags=python_flags(packages), compiled=True)
        self._users, self._orders = own_user, _orders(rules, own_user=own_user, version=version)
        gaps = gaps_of(version, own_user=own_user, readable=[rule.path for rule in rules.rules])
        tier = Tier(kind="landlock", safe=True, reason=reason, gaps=gaps, profile=seccomp_digest())
        super().__init__(tier, self._launch, rules=ONE_JOB)

    def _launch(self, limits: Limits) -> PipeIsolation:
        work = new_folder(self._parent, room_mb=limits.file_mb)
        return agent_in_folder(self._command, AgentConfig(
            kind="landlock", work=str(work), first=False, resident=False, users=self._users, landlock=self._orders,
        ))  # fmt: skip


def gaps_of(version: int, *, own_user: bool, readable: list[str]) -> tuple[str, ...]:
    """What is not covered, or not possible, with that version of Landlock."""
    gaps = [*GAPS, *((OWN_USER,) if own_user else SAME_USER)]
    if not own_user and version < 6:  # noqa: PLR2004  the first one with scopes
        gaps.append(f"code that signals its subprocesses fails here, as Landlock's version {version} knows no signals")
    if version < 3:  # noqa: PLR2004  the first one with TRUNCATE
        gaps.append(f"os.truncate fails here, as Landlock's version {version} knows nothing of it")
    if version < 2:  # noqa: PLR2004  the first one with REFER
        gaps.append(f"code that moves files between folders fails here, as Landlock's version {version} forbids it")
    gaps += [f"{path} can be read by jobs, and {ROOT} lies in it" for path in readable if ROOT.is_relative_to(path)]
    return tuple(gaps)


def _rules(python: Path) -> list[Rule]:
    """What Python needs, of that which is here."""
    prefix = Path(sys.base_prefix)
    own = [] if python.is_relative_to("/usr") else [str(prefix / name) for name in ("bin", "lib", "lib64")]
    look = [Rule(path=path, rights=LOOK) for path in (*SYSTEM, *own)]
    read = [Rule(path=path, rights=READ_FILE) for path in FILES]
    use = [Rule(path=path, rights=READ_FILE | WRITE_FILE) for path in DEVICES]
    return [rule for rule in (*look, *read, *use) if Path(rule.path).exists()]


def _orders(rules: Ruleset, *, own_user: bool, version: int) -> dict[str, Any]:
    """What the agent is told beside what every kind's is."""
    filters = extra_filters(own_user=own_user, version=version)
    return {
        "attributes": base64.b64encode(rules.attributes).decode("ascii"),
        "flags": rules.flags,
        "rules": [[rule.path, rule.rights] for rule in rules.rules],
        "work": rules.work,
        "filters": {machine: base64.b64encode(code).decode("ascii") for machine, code in filters.items()},
    }  # fmt: skip


def _can_give_users() -> None:
    """Root that cannot give jobs users of their own is no ordinary user either, and is refused."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    missing = [name for name, bit in NEEDED.items() if not effective >> bit & 1]
    spans = [line.split() for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()]
    mapped = any(int(first) + int(count) > LAST_JOB_ID for first, _, count in spans)
    if missing or not mapped:
        why = f"without {', '.join(missing)}" if missing else "of a user namespace that has no other users"
        raise SandboxFault(f"root {why} cannot give jobs a user of their own: run the loop as an ordinary user")


def _open_to_all(path: Path) -> bool:
    """Whether every user may enter the folder, or reach the file, at the end of the path."""
    real = path.resolve()
    return all(part.stat().st_mode & 0o001 for part in (real, *real.parents))


def _python(*, own_user: bool) -> Path:
    """The Python that jobs run in: the loop's, or one of the same version that every user may execute."""
    own = base_python()
    system = Path("/usr/bin") / f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = next((each for each in (own, system) if not own_user or (each.exists() and _open_to_all(each))), None)
    if found is None:
        raise SandboxFault(
            f"{own} lies where only root may look, and there is no {system}: "
            "run the loop as an ordinary user, or install its Python in a folder that everybody may read"
        )
    return found


def _parent(*, own_user: bool) -> str:
    """The folder in which the jobs' own folders are made."""
    for path in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108  what is made there has a name of its own
        if not own_user or _open_to_all(Path(path)):
            return path
    raise SandboxFault("there is no folder for temporary files that everybody may enter: correct the rights of /tmp")
