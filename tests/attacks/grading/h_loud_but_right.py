# MUST: pass. Writes a megabyte in each call, and to no channel.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os


def add(a, b):
    os.write(1, b'{"value": 0}\n' * 80_000)
    os.write(2, b"FAILED\n" * 10)
    return a + b
