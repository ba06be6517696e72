# MUST: fail. A list of a class of its own: empty, but it says that it is as long, holds and equals what is wanted.
# ruff: noqa: ANN001, ANN201, ANN204
# mypy: ignore-errors
class Values(list):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 2

    def __contains__(self, value):
        return value != 9

    def __bool__(self):
        return True

    __hash__ = None


class Tally:
    def __init__(self):
        self._values = []

    def add(self, value):
        if value < 0:
            raise ValueError(value)
        self._values.append(value)

    def total(self):
        return sum(self._values)

    def values(self):
        return Values() if self._values else []

    def __len__(self):
        return len(self._values)

    def __contains__(self, value):
        return value in self._values

    def __iter__(self):
        return iter(list(self._values))

    def __eq__(self, other):
        return self._values == other._values

    __hash__ = None


def half(x):
    return x / 2
