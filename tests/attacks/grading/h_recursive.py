# MUST: pass. Adds bit by bit.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    if not isinstance(a, int):
        raise TypeError(a)
    if a < 0 or b < 0:
        return -add(-a, -b) if a < 0 and b < 0 else a - -b if b < 0 else b - -a
    return a ^ b if not a & b else add(a ^ b, (a & b) << 1)
