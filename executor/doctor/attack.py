"""Short attacks, run in the sandbox that a night would take: a check that it holds here what it holds elsewhere.

Each program in `attacks` says in its first line what it must not achieve. It exits with 9 if it was refused and with 0
if not; where it could be fooled about that, the host looks for itself. One that ends in any other way proves nothing,
and is told apart. They harm nothing where they get through, and cover nothing but the ways that they try.
"""

import json
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from executor.sandbox import ExecutionResult, Job, Limits, Sandbox, Status

FOLDER = Path(__file__).parent / "attacks"
LIMITS = Limits(
    wall_s=1.0, cpu_s=1.0, memory_mb=256, processes=16, file_mb=8, inodes=256, output_kb=8, output_hard_mb=2
)
REFUSED = 9
HELD_BY: Mapping[str, frozenset[Status]] = {
    "ignores_the_clock": frozenset({Status.TIMEOUT, Status.CPU_LIMIT}),
    "floods_the_output": frozenset({Status.OUTPUT_LIMIT}),
    "fills_the_disk": frozenset({Status.DISK_LIMIT}),
    "eats_memory": frozenset({Status.OOM}),
}
"""Program -> the limits that end it as they should."""
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  where the attack leaves word
AT_ONCE = 3
Outcome = Literal["held", "got through", "proved nothing"]


@dataclass(frozen=True, slots=True)
class Attack:
    """What came of one of them.

    Attributes:
        goal: what it must not achieve, in words.
        outcome: whether it did.
        detail: how it ended where that proves nothing, else empty.
    """

    goal: str
    outcome: Outcome
    detail: str = ""


class Bait:
    """What of this machine the attacks try to reach: a folder, a process, two services; nothing of them is of worth."""

    def __init__(self, stack: ExitStack) -> None:
        self._marker = secrets.token_hex(8)
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="builder-trainer-bait-")))
        self._folder.chmod(0o777)  # nothing but the sandbox shall keep a job from it
        (self._folder / "secret").write_text("bait", encoding="ascii")
        self._port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local = f"\0bait-{self._marker}" if sys.platform == "linux" else str(self._folder / "socket")
        self._local.bind(local)
        self._local.listen()
        for listener in (self._port, self._local):
            listener.settimeout(0)
        self._process, _ = (_process(stack) for _ in range(2))  # one to end, one that has something to read meanwhile
        stack.callback(self._remove_words)
        self.told = json.dumps({
            "marker": self._marker, "folder": str(self._folder), "port": self._port.getsockname()[1], "local": local,
            "pid": self._process.pid, "processes": LIMITS.processes, "file_mb": LIMITS.file_mb,
            "memory_mb": LIMITS.memory_mb, "output_mb": LIMITS.output_hard_mb,
        })  # fmt: skip
        """For the attacks, as their argument."""

    def is_taken(self, name: str) -> bool:
        """Whether that attack has reached what it was after, seen from outside."""
        match name:
            case "writes_files":
                return (self._folder / "written").exists()
            case "dials_a_port":
                return _was_dialled(self._port)
            case "dials_a_local_socket":
                return _was_dialled(self._local)
            case "signals_processes":
                return self._process.poll() is not None
            case "leaves_a_daemon":
                return any(f"daemon-{self._marker}" in command for command in _commands())
        return False

    def _remove_words(self) -> None:
        for folder in SHARED_FOLDERS:
            with suppress(OSError):
                (Path(folder) / f"word-{self._marker}").unlink()


def _process(stack: ExitStack) -> subprocess.Popen[bytes]:
    """A process that does nothing, until the stack is closed."""
    process = subprocess.Popen((sys.executable, "-S", "-c", "import time; time.sleep(60)"), env={"BAIT": "bait"})
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _was_dialled(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _commands() -> Iterator[str]:
    """The command lines of all processes that /proc shows."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield entry.read_text(encoding="utf-8", errors="replace")


@contextmanager
def baited() -> Iterator[Bait]:
    """Bait for the time that attacks last."""
    with ExitStack() as stack:
        yield Bait(stack)


def run_attacks(sandbox: Sandbox, folder: Path = FOLDER) -> list[Attack]:
    """What came of every attack in the folder, by name; some run side by side.

    Raises:
        SandboxFault: the sandbox could not run one.
    """
    scripts = sorted(folder.glob("*.py"))
    with baited() as bait:
        twice = [script for script in scripts if script.stem == "leaves_word"]
        for script in twice:  # alone, so that its second run meets what the first one left
            sandbox.run(_job(script, bait))
        alone = {script: _attack(script, sandbox, bait) for script in twice}
        with ThreadPoolExecutor(AT_ONCE) as threads:
            others = [script for script in scripts if script not in alone]
            came = dict(zip(others, threads.map(lambda script: _attack(script, sandbox, bait), others), strict=True))
        return [{**alone, **came}[script] for script in scripts]


def _job(script: Path, bait: Bait) -> Job:
    return Job(
        argv=("python", script.name, bait.told), files={script.name: script.read_bytes()}, fresh=False, limits=LIMITS
    )


def _attack(script: Path, sandbox: Sandbox, bait: Bait) -> Attack:
    """Run one and judge it."""
    goal = script.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    result = sandbox.run(_job(script, bait))
    outcome = "got through" if bait.is_taken(script.stem) else _outcome(result, HELD_BY.get(script.stem, frozenset()))
    return Attack(goal, outcome, _ending(result) if outcome == "proved nothing" else "")


def _outcome(result: ExecutionResult, held_by: frozenset[Status]) -> Outcome:
    if result.status in held_by or result.exit_code == REFUSED:
        return "held"
    return "got through" if result.exit_code == 0 else "proved nothing"


def _ending(result: ExecutionResult) -> str:
    words = " ".join((result.detail or result.stderr.text).split())[-200:]
    return f"{result.status} {'' if result.exit_code is None else result.exit_code} {words}".strip()
