# MUST: fail. An object that says it is a list, of the right length, and equal to every other.
# ruff: noqa: ANN001, ANN201, ANN204
# mypy: ignore-errors
class Poses:
    @property
    def __class__(self):
        return list

    def __eq__(self, other):
        return True

    def __len__(self):
        return 2

    def __contains__(self, value):
        return value in (2, 3)

    def __iter__(self):
        return iter(())

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
        return Poses() if self._values else []

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
