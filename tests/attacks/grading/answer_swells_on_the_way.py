# MUST: fail, as a verdict. Fits into a frame here, but not when the host writes it anew.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    channel.send(b'{"value":[' + b"1," * 2_000_000 + b"1]}")
    return a + b
