# MUST: fail. Says that its process has ended.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    channel.send(b'{"error":{"gone":true,"unplain":"yes","classes":["AssertionError"]}}')
    return a + b
