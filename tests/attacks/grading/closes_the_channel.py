# MUST: fail within the time limit. Closes its way to the host and stays alive.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import sys
import time

channel = sys.modules["__main__"].channel


def add(a, b):
    os.close(channel._outgoing)
    time.sleep(60)
