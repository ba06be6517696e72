# MUST: fail. Gives back a class whose own class says that everything is one of it and equal to it.
# ruff: noqa: ANN001, ANN201, ANN204
# mypy: ignore-errors
class Meta(type):
    def __instancecheck__(cls, other):
        return True

    def __subclasscheck__(cls, other):
        return True

    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return 3

    def __add__(cls, other):
        return cls


Three = Meta("int", (), {"__class__": int, "__index__": lambda self: 3})


def add(a, b):
    return Three if a == 1 else Three()
