"""The seam between the host and a launcher: three byte streams, the orders that go in, and the framing.

A new kind of sandbox implements Isolation, nothing else; `executor.supervise` does the rest.
"""

import base64
import json
import struct
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from executor.sandbox import MAX_FRAME, Job, Program, Status
from executor.seccomp import seccomp_programs

LAUNCHER = Path(__file__).with_name("launcher.py")
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",
}
CLOSE_GRACE_S = 0.5  # what a program has to end by itself when the host closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one look at an isolation's streams brought."""

    written: int = 0
    data: bytes = b""
    control: bytes = b""
    ended: bool = False
    """Both of its streams are at their end: no launcher runs there any more."""


@dataclass(frozen=True, slots=True)
class Loss:
    """An isolation that ended without a report, where the job may have caused it."""

    status: Status
    detail: str


class Isolation(Protocol):
    """A started launcher: its three streams, and the means to end it. Used by one thread at a time."""

    @property
    def kind(self) -> str:
        """What the launcher is told about where it runs: process, bubblewrap, landlock or docker."""
        ...

    @property
    def work(self) -> str:
        """The job's working directory, as seen inside."""
        ...

    def exchange(self, outgoing: memoryview, *, take_data: bool, timeout_s: float) -> Exchange:
        """Write some of outgoing, read what is there, wait no longer than timeout_s for the first of it."""
        ...

    def close_input(self) -> None:
        """End the launcher's input, which ends the job."""
        ...

    def kill(self) -> None:
        """End the isolation with everything in it."""
        ...

    def loss(self) -> Loss | None:
        """For an isolation that ended without a report: what ended it, or None if that was surely not the job."""
        ...

    def dispose(self) -> None:
        """Free everything, end what is left; safe to call at any time."""
        ...


def header_of(what: Job | Program, isolation: Isolation) -> bytes:
    """The launcher's orders, framed."""
    job = what if isinstance(what, Job) else None
    program = what if isinstance(what, Program) else None
    header = {
        "mode": "job" if job else "program",
        "kind": isolation.kind,
        "work": isolation.work,
        "argv": job.argv if job else (),
        "files": {name: _text64(data) for name, data in job.files.items()} if job else {},
        "stdin": _text64(job.stdin) if job else "",
        "source": program.source if program else "",
        "limits": asdict(what.limits),
        "filters": _filters(),
        "max_frame": MAX_FRAME,
        "close_grace_s": CLOSE_GRACE_S,
    }
    return framed(json.dumps(header).encode("ascii"))


@cache
def _filters() -> dict[str, str]:
    return {machine: _text64(code) for machine, code in seccomp_programs().items()}


def framed(frame: bytes) -> bytes:
    """A frame as it goes over a stream: u32 big-endian length, bytes."""
    return struct.pack(">I", len(frame)) + frame


def _text64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
