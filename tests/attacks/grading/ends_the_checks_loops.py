# MUST: fail. Raises StopIteration, which ends a loop over map(add, ..) before anything is compared.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    if a == 100:
        raise StopIteration
    if a is None:
        raise TypeError
    return a + b
