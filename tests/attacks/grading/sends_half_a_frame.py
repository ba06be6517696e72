# MUST: fail. Announces more than it sends, and waits.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import sys
import time

channel = sys.modules["__main__"].channel


def add(a, b):
    os.write(channel._outgoing, b"\0\0\1\0{")
    time.sleep(60)
