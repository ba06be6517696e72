"""The seam between the host and an agent: two byte streams, what the agent is told at its start, what it is ordered.

A new kind of sandbox implements Isolation, nothing else; `executor.slots` and `executor.supervise` do the rest.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Protocol

from executor.agent.frames import packed
from executor.sandbox import MAX_FRAME, Job, Program, Status
from executor.seccomp import seccomp_digest, seccomp_programs

TEMPORARY, WORK, SHARED_MEMORY = "/tmp", "/tmp/job", "/dev/shm"  # noqa: S108  inside a sandbox, on tmpfs
CLOSE_GRACE_S = 0.5  # what a program has to end by itself when the host closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one look at an isolation's streams brought."""

    written: int = 0
    data: bytes = b""
    errors: bytes = b""
    """What is not the agent's: the words of a tool or an interpreter that could not start it."""
    ended: bool = False
    """Both of its streams are at their end: no agent runs there any more."""


@dataclass(frozen=True, slots=True)
class Loss:
    """An isolation that ended without a report, where the job may have caused it."""

    status: Status
    detail: str


class Isolation(Protocol):
    """A started agent: its streams, and the means to end it. Used by one thread at a time."""

    def exchange(self, outgoing: memoryview, *, timeout_s: float) -> Exchange:
        """Write some of outgoing, read what is there, wait no longer than timeout_s for the first of it."""
        ...

    def kill(self) -> None:
        """End the isolation with everything in it."""
        ...

    def stopped(self) -> bool:
        """Whether somebody outside has stopped the agent, which no job can do where it says so."""
        ...

    def loss(self) -> Loss | None:
        """For an isolation that ended without a report: what ended it, or None if that was surely not the job."""
        ...

    def dispose(self) -> None:
        """Free everything, end what is left; safe to call at any time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """What an agent is told once, about where it runs.

    Attributes:
        kind: of the sandbox.
        work: the jobs' working directory, as seen inside.
        first: whether the agent is PID 1 of a namespace of its own.
        resident: whether it takes more than one job; then it has a zygote, and proves after each that nothing is left.
        users: whether jobs get a user of their own, where the agent is root.
        cgroup: whether the control group that it sees is its own.
        score: whether it makes jobs the kernel's first choice when memory runs out, by /proc.
        strict: whether a limit that cannot be set ends a job before it begins.
        roots: file systems that are its own, emptied after each job.
        landlock: the rules of its jobs' Landlock domain.
        socket: a unix socket to dial; empty for the streams that it was started with.
    """

    kind: str
    work: str
    first: bool = True
    resident: bool = True
    users: bool = True
    cgroup: bool = False
    score: bool = True
    strict: bool = True
    roots: tuple[str, ...] = ()
    landlock: Mapping[str, Any] | None = None
    socket: str = ""

    def text(self) -> str:
        """As the agent's one argument."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        common = {
            "filters": _filters(), "profile": seccomp_digest(), "max_frame": MAX_FRAME, "close_grace_s": CLOSE_GRACE_S,
        }  # fmt: skip
        return json.dumps({**told, **common})


@cache
def _filters() -> dict[str, str]:
    return {machine: base64.b64encode(code).decode("ascii") for machine, code in seccomp_programs().items()}


def order(what: Job | Program) -> bytes:
    """The order to run it, as a message."""
    job = what if isinstance(what, Job) else None
    source = what.source if isinstance(what, Program) else ""
    header = {
        "op": "run",
        "mode": "job" if job else "program",
        "argv": job.argv if job else (),
        "fresh": what.fresh or what.hash_seed != 0,
        "hash_seed": what.hash_seed,
        "files": [(name, len(data)) for name, data in job.files.items()] if job else [],
        "stdin": len(job.stdin) if job else 0,
        "collect": job.collect if job else (),
        "limits": asdict(what.limits),
    }
    blobs = (job.stdin, *job.files.values()) if job else (source.encode("utf-8", "surrogatepass"),)
    return packed(header, *blobs)


END = packed({"op": "end"})
"""The order to end what runs."""
