# MUST: fail, as a verdict. Stops its parent until the host has given up, then lets it tell what it makes of that.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import signal
import time


def add(a, b):
    parent = os.getppid()
    if os.fork() == 0:
        os.setsid()
        try:
            os.kill(parent, signal.SIGSTOP)
            time.sleep(2.5 + 2 + 0.2)
            os.kill(parent, signal.SIGCONT)
        except OSError:
            pass
    time.sleep(60)
