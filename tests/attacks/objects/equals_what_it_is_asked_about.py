# MUST: fail. A method answers with an object that equals whatever it is compared with, from either side.
# ruff: noqa: ANN001, ANN002, ANN201, ANN204
# mypy: ignore-errors
class Agreeable:
    def _yes(self, *_) -> bool:
        return True

    __eq__ = __ge__ = __le__ = __gt__ = __lt__ = __bool__ = _yes

    def __hash__(self):
        return 5


class Tally:
    def __init__(self):
        self._values = []

    def add(self, value):
        if value < 0:
            raise ValueError(value)
        self._values.append(value)

    def total(self):
        return Agreeable() if self._values else 0

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


def half(x):
    return x / 2
