"""Commands in processes that are forked from one in which all modules are loaded."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path


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

    def run(self, program: str, options: list[str], *, folder: Path, out: Path, err: Path, timeout_s: float) -> int:
        """The exit code; a negative signal number if it was killed, as it is after `timeout_s`."""
        out.touch()
        err.touch()
        request = {
            "program": program, "options": options, "cwd": str(folder), "out": str(out), "err": str(err),
            "env": {"BT_CPU_S": "1", **os.environ},
        }  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        child = int(self._line())
        assert self._process.stdout is not None
        if not select.select([self._process.stdout.fileno()], [], [], timeout_s)[0]:
            os.kill(child, signal.SIGKILL)
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def close(self) -> None:
        """No more."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
