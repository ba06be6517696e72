"""Commands in processes that are forked from one in which all modules are loaded."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUICKLY = {"BT_CPU_S": "0.5", "BT_REPORT": "off"}
"""The rehearsal's endless loops need not take five seconds each; what ends by itself takes a tenth of this. Who wants
a report says so."""


class Zygote:
    """The process that forks, as its user sees it."""

    def __init__(self, checkout: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=checkout,
        )
        self._said = b""
        self._begun: dict[int, int] = {}
        self._ended: dict[int, int] = {}

    def start(self, program: str, options: list[str], *, folder: Path) -> "Forked":
        """The program with these options in this folder."""
        said = Path(tempfile.mkdtemp(prefix="forked-"))
        out, err = said / "out", said / "err"
        out.touch()
        err.touch()
        request = {
            "program": program, "options": options, "cwd": str(folder), "out": str(out), "err": str(err),
            "env": {**QUICKLY, **os.environ},
        }  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        while not self._begun:
            self._listen(None)
        number, pid = self._begun.popitem()
        return Forked(self, number, pid, said)

    def code(self, number: int, timeout_s: float | None) -> int | None:
        """The exit code of the process of this number, as soon as there is one; None after the time."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while number not in self._ended:
            if not self._listen(None if end is None else max(0.0, end - time.monotonic())):
                return None
        return self._ended.pop(number)

    def _listen(self, timeout_s: float | None) -> bool:
        """Take in what it says; False if that is nothing."""
        stream = self._process.stdout
        assert stream is not None
        if not select.select([stream.fileno()], [], [], timeout_s)[0]:
            return False
        heard = os.read(stream.fileno(), 1 << 16)
        assert heard, "the process that forks has ended"
        *lines, self._said = (self._said + heard).split(b"\n")
        for line in lines:
            what, number, value = line.split()
            (self._begun if what == b"begun" else self._ended)[int(number)] = int(value)
        return True

    def close(self) -> None:
        """No more."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


class Forked:
    """A process that was forked, with what tests use of a `subprocess.Popen` whose output is piped."""

    def __init__(self, zygote: Zygote, number: int, pid: int, said: Path) -> None:
        self.pid = pid
        self.returncode: int | None = None
        """Once it has ended; a negative signal number if it was killed."""
        self._zygote, self._number, self._said = zygote, number, said

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self._waited(0.0)

    def _waited(self, timeout_s: float | None) -> int | None:
        if self.returncode is None:
            self.returncode = self._zygote.code(self._number, timeout_s)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing happens if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send it a SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote to its output and its errors, once it has ended; for one time.

        Raises:
            TimeoutExpired: it still runs.
        """
        if self._waited(timeout) is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0.0)
        out, err = ((self._said / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err"))
        shutil.rmtree(self._said)
        return out, err
