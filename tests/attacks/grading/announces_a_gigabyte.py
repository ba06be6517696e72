# MUST: fail. Announces a frame that nobody would hold.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    os.write(channel._outgoing, b"\x40\0\0\0")
    return a + b
