# MUST: fail. Queues a million empty frames, which are no answers.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel
for _ in range(1_000_000):
    channel.send(b"")


def add(a, b):
    return a + b
