"""What a sandbox is: three ways in, the facts that come out, and the words for how a job ended.

A job that crashes, hangs or eats its memory is an ExecutionResult. A sandbox that cannot start a job, or is lost
while one runs through no doing of the job, raises SandboxFault.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Status(StrEnum):
    """How a job ended; never concluded from an exit code alone."""

    EXIT = "exit"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    CPU_LIMIT = "cpu_limit"
    OOM = "oom"
    OUTPUT_LIMIT = "output_limit"
    DISK_LIMIT = "disk_limit"
    EXEC_ERROR = "exec_error"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use."""

    wall_s: float = 10.0
    cpu_s: float = 5.0
    memory_mb: int = 512
    processes: int = 64
    file_mb: int = 64
    """In all files together, where the sandbox has a file system of its own; in each file otherwise."""
    inodes: int = 1024
    """Files and folders."""
    open_files: int = 128
    output_kb: int = 64
    """Kept of each of stdout and stderr: half from the start, half from the end."""
    output_hard_mb: int = 64
    """A job that writes more than this to stdout and stderr together is ended with OUTPUT_LIMIT."""
    artifacts_kb: int = 1024
    """Of files that the job asks to have collected, all together."""


@dataclass(frozen=True, slots=True)
class Output:
    """One stream of a job: its start, its end, and how many bytes there were in all."""

    head: bytes = b""
    tail: bytes = b""
    total: int = 0

    @property
    def truncated(self) -> bool:
        """Whether bytes between head and tail were dropped."""
        return self.total > len(self.head) + len(self.tail)

    @property
    def text(self) -> str:
        """For people: decoded with replacement, the gap named."""
        head, tail = self.head.decode("utf-8", "replace"), self.tail.decode("utf-8", "replace")
        if not self.truncated:
            return head + tail
        return f"{head}\n[... {self.total - len(self.head) - len(self.tail)} bytes left out ...]\n{tail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Which sandbox this is and what it does not cover; stored with every result."""

    kind: str
    safe: bool
    reason: str
    """Why this one was chosen, in words."""
    gaps: tuple[str, ...] = ()
    image: str = ""
    """The image's id, for containers."""
    profile: str = ""
    """The hash of the rules for system calls; empty where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A program to run to its end. `argv[0] == "python"` means the sandbox's own Python 3."""

    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Relative paths below the job's working directory."""
    stdin: bytes = b""
    collect: tuple[str, ...] = ()
    """Patterns, as in `fnmatch`, of files below the working directory that are wanted after its end."""
    fresh: bool = True
    """Whether Python starts anew for it; if not, `python SCRIPT` runs in a fork of an interpreter that is there."""
    hash_seed: int = 0
    """How Python hashes texts (PYTHONHASHSEED); with another one than 0 it starts anew."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResult:
    """The facts of one job.

    Attributes:
        status: how it ended.
        exit_code: 0..255 if status is EXIT, else None.
        signal: the signal's number if status is SIGNAL, else None.
        stdout: what it printed.
        stderr: what it printed to the error stream.
        wall_s: seconds from its start to its end.
        cpu_s: user and system seconds of all processes of the job; where the agent was lost with the job and
            nobody counted, the wall time, so that a job that hides does not look fast.
        peak_mb: largest resident memory of one process of the job, MiB.
        tier: the sandbox that ran it.
        detail: one line for people where status needs an explanation, else empty.
        strays: how many processes, but for its first one, still lived at its end and were ended.
        artifacts: the collected files by their paths: regular ones only, within the limit.
        artifacts_left_out: how many files fitted a pattern and were not collected.
    """

    status: Status
    exit_code: int | None = None
    signal: int | None = None
    stdout: Output = Output()
    stderr: Output = Output()
    wall_s: float
    cpu_s: float
    peak_mb: float
    tier: Tier
    detail: str = ""
    strays: int = 0
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    artifacts_left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Python source that is executed in a sandboxed process of its own and speaks frames with the host.

    The source finds one global, `channel`, with `receive() -> bytes | None` (None: the host closed) and
    `send(frame: bytes)`. Its own stdin is empty; what it prints is captured like a job's.
    """

    source: str
    fresh: bool = False
    """Whether Python starts anew for it, instead of a fork of an interpreter that is there; slower, 15 ms or so."""
    hash_seed: int = 0
    """How Python hashes texts (PYTHONHASHSEED); with another one than 0 it starts anew."""
    limits: Limits = field(default_factory=Limits)


class ConversationEnded(Exception):  # noqa: N818  an end is no error
    """The program is gone (it exited, was killed or ran into a limit); `close()` tells how."""


class ConversationCancelled(ConversationEnded):
    """The sandbox was closed while the program ran: how it ended says nothing about it."""


class Conversation(Protocol):
    """A running Program, seen from the host. Frames are bytes, at most MAX_FRAME long."""

    def send(self, frame: bytes) -> None:
        """Hand one frame to the program.

        Raises:
            ConversationEnded: the program is gone.
            ConversationCancelled: somebody closed the sandbox.
        """
        ...

    def receive(self) -> bytes:
        """The program's next frame; waits no longer than the program's wall limit lasts.

        Raises:
            ConversationEnded: the program is gone, sent a frame beyond MAX_FRAME, or ran out of time.
            ConversationCancelled: somebody closed the sandbox.
        """
        ...

    def close(self) -> ExecutionResult:
        """End the program if it still runs, leave no process behind, and tell how it ended.

        Closing a program that still runs and is within its limits is a normal end: the host closes the channel,
        gives it a moment to exit, then kills it. Safe to call twice; the second call returns the same result.

        Raises:
            SandboxFault: the sandbox was lost, so that nothing can be said about the program.
        """
        ...


MAX_FRAME = 16 * 1024 * 1024


class Sandbox(Protocol):
    """A place to run untrusted code. Safe to use from several threads at once."""

    @property
    def tier(self) -> Tier:
        """Which kind this is."""
        ...

    def run(self, job: Job) -> ExecutionResult:
        """Run a job to its end.

        Raises:
            SandboxFault: the sandbox could not run it.
        """
        ...

    def converse(self, program: Program) -> Conversation:
        """Start a program to speak with.

        Raises:
            SandboxFault: the sandbox could not start it.
        """
        ...

    def close(self) -> None:
        """Leave nothing behind: no process, no container."""
        ...
