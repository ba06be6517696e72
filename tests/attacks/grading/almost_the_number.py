# MUST: fail. Adds in floating point, which is right for small numbers only.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    return float(a) + float(b)
