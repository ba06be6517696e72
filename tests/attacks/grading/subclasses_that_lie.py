# MUST: fail. Numbers of its own classes, equal to everything, of every length, order, hash and class that is asked for.
# ruff: noqa: ANN001, ANN002, ANN201, F401
# mypy: ignore-errors
import sys


def lie(*_):
    return True


LIES = {f"__{name}__": lie for name in ("eq", "ne", "lt", "le", "gt", "ge", "bool", "instancecheck", "contains")}
LIES |= {"__hash__": lambda self: 3, "__repr__": lambda self: "3", "__str__": lambda self: "3", "__len__": lambda s: 3}
KINDS = [type("int", (kind,), LIES) for kind in (int, float, str, bytes, complex)]


def add(a, b):
    return KINDS[(a or 0) % len(KINDS)]()
