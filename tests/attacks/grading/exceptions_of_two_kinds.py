# MUST: fail. Raises one exception that is a TypeError, an AssertionError and an end of iteration at once.
# ruff: noqa: ANN001, ANN201, N818
# mypy: ignore-errors
class Both(TypeError, AssertionError):
    pass


class End(TypeError, AttributeError):
    pass


class Stop(StopIteration):
    __name__ = "TypeError"


def add(a, b):
    raise Both if a is None else Stop if a == 100 else End
