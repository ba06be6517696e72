# MUST: fail. Returns classes and objects that say they are int, equal everything, and lie about their own class.
# ruff: noqa: ANN001, ANN201, ANN204
# mypy: ignore-errors
class Meta(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(int)

    def __instancecheck__(cls, other):
        return True

    @property
    def __name__(cls):
        return "int"


class Number(int, metaclass=Meta):
    @property
    def __class__(self):
        return float

    def __index__(self):
        return 3

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def add(a, b):
    return Number(a) if a == 1 else Meta("int", (), {})
