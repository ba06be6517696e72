# MUST: pass. Ends with code 1 when nobody asks any more.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import atexit
import os

atexit.register(os._exit, 1)


def add(a, b):
    return a + b
