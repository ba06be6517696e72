# MUST: fail. Raises a TypeError that is only called so.
# ruff: noqa: A001, ANN001, ANN201
# mypy: ignore-errors
class TypeError(Exception):
    pass


def add(a, b):
    if a is None:
        raise TypeError
    return a + b
