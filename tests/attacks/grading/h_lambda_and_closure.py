# MUST: pass. A partial of a lambda over a closure.
# ruff: noqa: ANN201
# mypy: ignore-errors
from functools import partial


def adder():
    seen = []
    return lambda a, b: (seen.append(a), a + b)[1]


add = partial(adder())
