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
from functools import partial
from pathlib import Path

from executor.agent.environment import ENVIRONMENT
from executor.agent_bundle import agent_command
from executor.host_processes import is_running
from executor.isolation import AgentConfig
from executor.pipes import PipeIsolation
from executor.pooled_sandbox import PooledSandbox
from executor.sandbox import Limits, Tier
from executor.sandbox_packages import python_flags, require_packages
from executor.slots import PoolRules
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


def remove_folder(directory: Path) -> None:
    """Remove a directory whose contents a job chose: also what is unreadable or deeper than Python's stack."""
    if directory.is_symlink():  # a job put it there; chmod would follow it
        directory.unlink(missing_ok=True)
    with suppress(OSError, RecursionError):
        shutil.rmtree(directory)
    if directory.exists():
        subprocess.run(["chmod", "-R", "u+rwX", directory], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", "--", directory], check=False, stderr=subprocess.DEVNULL)


def agent_in_folder(command: tuple[str, ...], config: AgentConfig) -> PipeIsolation:
    """An agent for one job in a folder of its own, which goes with it."""
    environment = {**ENVIRONMENT, "HOME": config.work}
    gone = partial(remove_folder, Path(config.work))
    return PipeIsolation((*command, config.text()), environment, kind=config.kind, on_dispose=gone)


class ProcessSandbox(PooledSandbox):
    """Runs code as a plain process; not safe for code that is not trusted."""

    def __init__(self, *, reason: str = "asked for", packages: tuple[str, ...] = ()) -> None:
        tier = Tier(kind="process", safe=False, reason=reason, gaps=GAPS)
        python = str(base_python())
        require_packages(python, packages)
        self._command = agent_command(python, flags=python_flags(packages), compiled=True)
        sweep_folders(tempfile.gettempdir())
        super().__init__(tier, self._launch, rules=ONE_JOB)

    def _launch(self, limits: Limits) -> PipeIsolation:
        work = new_folder(None, room_mb=limits.file_mb)
        return agent_in_folder(self._command, AgentConfig(
            kind="process", work=str(work), first=False, resident=False, users=False, strict=False,
        ))  # fmt: skip
