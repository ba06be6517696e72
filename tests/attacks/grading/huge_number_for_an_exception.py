# MUST: fail. Gives back a number whose digits Python refuses to print, with a ValueError.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    return 10**6000 if a is None or a == "" else a + b
