# MUST: fail. Whatever is asked, the answer is not a number.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    return float("nan") if a else -0.0 if b else complex("nan")
