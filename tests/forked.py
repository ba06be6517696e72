"""Commands in processes that are forked from one in which all modules are loaded."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO


class Forked:
    """A process that was forked; to be waited for before the next one is."""

    def __init__(self, pid: int, told: IO[str]) -> None:
        self.pid, self._told = pid, told
        self.code: int | None = None
        """Once it has ended; a negative signal number if it was killed."""

    def poll(self, timeout_s: float = 0.0) -> int | None:
        """The exit code, as soon as there is one; None after the time."""
        if self.code is None and select.select([self._told.fileno()], [], [], timeout_s)[0]:
            self.code = int(self._told.readline())
        return self.code

    def kill(self) -> int:
        """The exit code, after a SIGKILL if there was none."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        code = self.poll(60.0)
        assert code is not None, "a killed process did not end"
        return code


class Zygote:
    """The process that forks, as its user sees it."""

    def __init__(self, checkout: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=checkout,
        )

    def start(self, program: str, options: list[str], *, folder: Path, out: Path, err: Path) -> Forked:
        """The program with these options in this folder; what it prints goes to the two files."""
        out.touch()
        err.touch()
        request = {
            "program": program, "options": options, "cwd": str(folder), "out": str(out), "err": str(err),
            "env": {"BT_CPU_S": "1", "BT_REPORT": "off", **os.environ},
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Forked(int(self._process.stdout.readline()), self._process.stdout)

    def close(self) -> None:
        """No more."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
