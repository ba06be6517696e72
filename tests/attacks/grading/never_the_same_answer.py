# MUST: fail. A right answer only every second time.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
from itertools import cycle

turn = cycle([0, 1])


def add(a, b):
    return a + b + next(turn)
