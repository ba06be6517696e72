"""What a job left to tell: its output, how its first process ended, and the word for that."""

from __future__ import annotations

import os
import resource
import signal
import sys

from executor.agent.job import seconds_up
from executor.agent.workspace import MIB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Capture:
    """What is kept of one output stream: the first and the last `half` bytes, and the count of all."""

    def __init__(self, half: int) -> None:
        self.half, self.head, self.tail, self.total = half, b"", bytearray(), 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self.total += len(data)
        room = self.half - len(self.head)
        self.head += data[:room] if room > 0 else b""
        self.tail += data[max(room, 0) :]
        if len(self.tail) > self.half:
            del self.tail[: len(self.tail) - self.half]


class Ended:
    """How the job's first process ended: wait status and resource usage."""

    def __init__(self, status: int, usage: resource.struct_rusage) -> None:
        self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        self.exit_code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / (MIB if sys.platform == "darwin" else 1024)


def status_of(ended: Ended, limits: dict[str, Any], *, reason: str, oom_kills: int) -> str:
    """The word for how the job ended; `reason` is why the agent ended it, if it did."""
    cpu = seconds_up(limits["cpu_s"])
    if reason:
        return reason
    if ended.exit_code is not None:
        return "exit"
    if ended.signal == signal.SIGXFSZ:
        return "disk_limit"
    if ended.signal == signal.SIGKILL and oom_kills:
        return "oom"
    limit_s = {signal.SIGXCPU: cpu, signal.SIGKILL: cpu + 1}.get(signal.Signals(ended.signal or 0))
    # the kernel enforces the limit by ticks and reports exact times; on a busy machine they were seen 20 % apart
    return "cpu_limit" if limit_s is not None and ended.cpu_s >= 0.7 * limit_s else "signal"
