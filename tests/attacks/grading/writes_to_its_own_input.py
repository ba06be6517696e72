# MUST: fail, as a verdict. Holds its own input open, so that the host's hanging up is not seen, and breaks a frame.
# ruff: noqa: ANN001, ANN201, SIM105
# mypy: ignore-errors
import os
import sys
import time

channel = sys.modules["__main__"].channel


def add(a, b):
    try:
        os.open(f"/proc/self/fd/{channel._incoming}", os.O_WRONLY)
    except OSError:
        pass
    os.write(channel._outgoing, b"\x40\0\0\0")
    time.sleep(60)
