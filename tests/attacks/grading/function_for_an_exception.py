# MUST: fail. Gives back a function where a TypeError is wanted: that it cannot cross is no TypeError of its own.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    return (lambda: 0) if a is None else a + b
