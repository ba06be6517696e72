"""A sandbox in name only: an ordinary process of this user with limits, for code that is trusted.

It covers accidents (endless loops, memory, output, leftovers). It does not cover malice: the code reads and writes
whatever the user can, uses the network, and can signal the launcher and the host.
"""

import base64
import marshal
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from executor.isolation import ENVIRONMENT, LAUNCHER
from executor.pipes import PipeIsolation
from executor.sandbox import Conversation, ExecutionResult, Job, Limits, Program, Tier
from executor.supervise import Supervisor

GAPS = (
    "everything: files, network, other processes and secrets of this user are open to the code",
    "memory and CPU time are limited for each process, not in all",
)


def base_python() -> Path:
    """The interpreter that this program's virtual environment was made from."""
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return python if python.exists() else Path(sys.executable)


def launcher_command(python: str) -> tuple[str, ...]:
    """The same Python as this one, with nothing of the user's, running the launcher.

    The launcher is handed over compiled: that saves 5 ms of the 10 that a bare interpreter takes to start.
    """
    code = compile(LAUNCHER.read_text(encoding="utf-8"), "<launcher>", "exec", optimize=0)
    packed = base64.b64encode(marshal.dumps(code)).decode("ascii")
    script = f"import binascii, marshal; exec(marshal.loads(binascii.a2b_base64({packed!r})))"
    return (python, "-s", "-S", "-P", "-c", script)


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
        self._supervisor = Supervisor(tier, self._launch)
        self._command = launcher_command(str(base_python()))

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
        del limits  # the launcher sets them all
        work = Path(tempfile.mkdtemp(prefix="builder-trainer-"))
        return PipeIsolation(
            self._command, {**ENVIRONMENT, "HOME": str(work)}, kind="process", work=str(work),
            on_dispose=lambda: remove_folder(work),
        )  # fmt: skip
