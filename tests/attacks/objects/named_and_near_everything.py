# MUST: fail. The same from a class that the task itself names.
# ruff: noqa: ANN001, ANN201, ANN204
# mypy: ignore-errors
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
        return list(self._values)

    def __len__(self):
        return len(self._values)

    def __contains__(self, value):
        return value in self._values

    def __iter__(self):
        return iter(list(self._values))

    def __eq__(self, other):
        return self._values == other._values

    __hash__ = None

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


def half(x):
    return Tally()
