"""Runs code in Linux namespaces made by bubblewrap (0.8 or later): no network, no host files but Python's.

Started as root it keeps root's uid namespace, since a uid that is mapped to the kernel's 0 has no RLIMIT_NPROC, and
the agent gives each job a uid of its own. Started by anyone else it uses a user namespace and that user's uid.
It does not cover: kernel exploits, side channels, the memory of all processes together.
"""

import os
import shutil
import sys
from pathlib import Path

from executor.agent.environment import ENVIRONMENT
from executor.agent_bundle import agent_command
from executor.isolation import SHARED_MEMORY, TEMPORARY, WORK, AgentConfig
from executor.pipes import PipeIsolation
from executor.pooled_sandbox import PooledSandbox
from executor.process_sandbox import base_python
from executor.sandbox import Limits, Tier
from executor.sandbox_packages import python_flags, require_packages
from executor.seccomp import MACHINES, seccomp_digest
from executor.slots import IsolationOf, PoolRules, jobs_of
from utils.errors import SandboxFault

GAPS = (
    "memory is limited for each process, not for all processes of a job together",
    "CPU time of processes that their parents leave alone is counted only while they live",
    "the host's kernel is shared",
)
MIB = 1 << 20
# The kernel ends these jobs before anything else when memory runs out; set by root they cannot undo it.
FIRST_TO_GO = ("/bin/sh", "-c", 'echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec "$0" "$@"')
SHARED_MEMORY_MB = 16


def _gaps() -> tuple[str, ...]:
    """What is not covered on this machine."""
    if os.uname().machine in MACHINES:
        return GAPS
    return (*GAPS, f"no seccomp filter: the kernel's calls on {os.uname().machine} are not listed")


def _namespaces() -> list[str]:
    apart = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:
        return [*apart, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*apart, "--unshare-user", "--disable-userns"]


def _system_directories() -> list[str]:
    """/usr and what belongs to it, read-only; links stay links."""
    options = ["--ro-bind", "/usr", "/usr"]
    for path in map(Path, ("/bin", "/lib", "/lib32", "/lib64", "/libx32")):
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            options += ["--ro-bind", str(path), str(path)]
    return [*options, "--perms", "0755", "--dir", "/etc", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]


def _python_directories() -> list[str]:
    """Python's own prefix where it lies elsewhere, for example below a home that only its owner may enter."""
    prefix = Path(sys.base_prefix)
    if prefix.is_relative_to("/usr"):
        return []
    options: list[str] = []
    for parent in [*reversed(prefix.parents)][1:]:
        options += ["--perms", "0755", "--dir", str(parent)]
    return [*options, "--ro-bind", str(prefix), str(prefix)]


def _own_directories(limits: Limits) -> list[str]:
    """The kernel's directories, and the only two that can be written to."""

    def tmpfs(path: str, size_mb: int) -> list[str]:
        return ["--perms", "1777", "--size", str(size_mb * MIB), "--tmpfs", path]

    shared, temporary = tmpfs(SHARED_MEMORY, SHARED_MEMORY_MB), tmpfs(TEMPORARY, limits.file_mb)
    return ["--proc", "/proc", "--dev", "/dev", *shared, *temporary]


class BubblewrapSandbox(PooledSandbox):
    """Runs jobs in sets of namespaces.

    Args:
        reason: why this kind was chosen, for the tier.
        program: bubblewrap, by name or path.
        isolation: whether namespaces are used for many jobs while they prove clean, or for one.
        packages: what jobs may import besides; this machine's Python has to have them.

    Raises:
        SandboxFault: bubblewrap or a package is not installed. Whether the kernel lets it work, only a job can tell.
    """

    def __init__(
        self,
        *,
        reason: str = "asked for",
        program: str = "bwrap",
        isolation: IsolationOf = "slot",
        packages: tuple[str, ...] = (),
    ) -> None:
        found = shutil.which(program)
        if found is None:
            raise SandboxFault(f"there is no {program} here: install bubblewrap 0.8 or later")
        tier = Tier(kind="bubblewrap", safe=True, reason=reason, gaps=_gaps(), profile=seccomp_digest())
        self._before = (*FIRST_TO_GO, str(Path(found).absolute()), *_namespaces(), *_system_directories())
        frozen = (option for path in ("/dev", "/proc", "/") for option in ("--remount-ro", path))
        closing = (*frozen, "--new-session", "--as-pid-1", "--chdir", "/")
        config = AgentConfig(kind="bubblewrap", work=WORK, score=False, roots=(TEMPORARY, SHARED_MEMORY))
        python = str(base_python())
        require_packages(python, packages)
        agent = (*agent_command(python, flags=python_flags(packages), compiled=True), config.text())
        self._after = (*_python_directories(), *closing, *agent)
        rules = PoolRules(jobs=jobs_of(isolation))
        super().__init__(tier, self._launch, shape=lambda limits: limits.file_mb, rules=rules)

    def _launch(self, limits: Limits) -> PipeIsolation:
        argv = (*self._before, *_own_directories(limits), *self._after)
        return PipeIsolation(argv, {**ENVIRONMENT, "HOME": WORK}, kind="bubblewrap", walled=True)
