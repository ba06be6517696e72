# MUST: fail. Lists and dicts that hold something else than they show, and are as long as it pleases.
# ruff: noqa: ANN001, ANN201, ANN204
# mypy: ignore-errors
class Liar(list):
    def __iter__(self):
        return iter([3])

    def __eq__(self, other):
        return True

    def __len__(self):
        return 0

    __hash__ = None


class Keys(dict):
    def __missing__(self, key):
        return 3

    def items(self):
        return [("value", 3)]

    def __eq__(self, other):
        return True

    __hash__ = None


def add(a, b):
    return Liar() if a else Keys()
