"""A sandbox in name only: an ordinary process of this user with limits, for code that is trusted.

It covers accidents (endless loops, memory, output, leftovers). It does not cover malice: the code reads and writes
whatever the user can, uses the network, and can signal the agent and the host.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from executor.agent_bundle import agent_command
from executor.isolation import ENVIRONMENT, AgentConfig
from executor.pipes import PipeIsolation
from executor.sandbox import Conversation, ExecutionResult, Job, Limits, Program, Tier
from executor.slots import PoolRules
from executor.supervise import Supervisor
from utils.errors import SandboxFault

FOLDER = "builder-trainer-job-"
ONE_JOB = PoolRules(jobs=1, spares=2, tidy=True)  # nothing here could prove that nothing is left for a second one
GAPS = (
    "everything: files, network, other processes and secrets of this user are open to the code",
    "memory and CPU time are limited for each process, not in all",
)


def base_python() -> Path:
    """The interpreter that this program's virtual environment was made from."""
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return python if python.exists() else Path(sys.executable)


def new_folder(parent: str | None, *, room_mb: int) -> Path:
    """An empty folder for one job, which names this process as the one to remove it.

    Raises:
        SandboxFault: none can be made, or there is no room for what a job may write.
    """
    place = parent or tempfile.gettempdir()
    try:
        free_mb = shutil.disk_usage(place).free >> 20
        if free_mb < room_mb:
            raise SandboxFault(f"{place} has room for {free_mb} MiB, and a job may write {room_mb}: make room there")
        return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=place))
    except OSError as fault:
        raise SandboxFault(f"no folder for a job can be made in {place}: {fault}") from fault


def sweep_folders(parent: str) -> None:
    """Remove the folders of processes that were killed before they could."""
    for folder in Path(parent).glob(f"{FOLDER}*-*"):
        owner = folder.name.removeprefix(FOLDER).partition("-")[0]
        if owner.isdecimal() and not is_running(int(owner)):
            remove_folder(folder)


def is_running(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove_folder(directory: Path) -> None:
    """Remove a directory whose contents a job chose: also what is unreadable or deeper than Python's stack."""
    if directory.is_symlink():  # a job put it there; chmod would follow it
        directory.unlink(missing_ok=True)
    with suppress(OSError, RecursionError):
        shutil.rmtree(directory)
    if directory.exists():
        subprocess.run(["chmod", "-R", "u+rwX", directory], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", "--", directory], check=False, stderr=subprocess.DEVNULL)


class ProcessSandbox:
    """Runs code as a plain process; not safe for code that is not trusted."""

    def __init__(self, *, reason: str = "asked for") -> None:
        tier = Tier(kind="process", safe=False, reason=reason, gaps=GAPS)
        self._command = agent_command(str(base_python()), compiled=True)
        sweep_folders(tempfile.gettempdir())
        self._supervisor = Supervisor(tier, self._launch, rules=ONE_JOB)

    @property
    def tier(self) -> Tier:
        """Which kind this is."""
        return self._supervisor.tier

    def run(self, job: Job) -> ExecutionResult:
        """Run a job to its end."""
        return self._supervisor.run(job)

    def converse(self, program: Program) -> Conversation:
        """Start a program to speak with."""
        return self._supervisor.converse(program)

    def close(self) -> None:
        """Leave nothing behind."""
        self._supervisor.close()

    def _launch(self, limits: Limits) -> PipeIsolation:
        work = new_folder(None, room_mb=limits.file_mb)
        config = AgentConfig(
            kind="process", work=str(work), first=False, resident=False, users=False, strict=False
        )  # fmt: skip
        return PipeIsolation(
            (*self._command, config.text()), {**ENVIRONMENT, "HOME": str(work)}, kind="process",
            on_dispose=lambda: remove_folder(work),
        )  # fmt: skip
