# MUST: fail. Stops itself with a signal in the middle of an answer, so that it neither answers nor ends.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import signal
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    if a == -1:
        os.write(channel._outgoing, b"\0\0\0\x0c{")
        os.kill(os.getpid(), signal.SIGSTOP)
    return a + b
