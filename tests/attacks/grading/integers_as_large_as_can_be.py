# MUST: fail. Answers with the largest integer that crosses, and one that does not.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    return (1 << 63_999) if a == 1 else 1 << 64_001
