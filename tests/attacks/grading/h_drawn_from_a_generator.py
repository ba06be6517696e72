# MUST: pass. Sums what a generator gives.
# ruff: noqa: ANN001, ANN002, ANN201
# mypy: ignore-errors
def terms(*numbers):
    for number in numbers:
        received = yield number
        assert received is None


def add(a, b):
    return sum(terms(a, b))
