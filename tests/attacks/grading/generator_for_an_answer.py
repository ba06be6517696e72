# MUST: fail. A generator that would give the right number to whoever draws from it.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    yield a + b
