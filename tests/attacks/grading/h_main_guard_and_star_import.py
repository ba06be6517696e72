# MUST: pass. A script with a main guard, star imports, a walrus, and exceptions of its own that it catches.
# ruff: noqa: F403, N818, T201
# mypy: ignore-errors
from math import *
from typing import *


class Refused(TypeError):
    pass


def add(a: int, b: int) -> int:
    try:
        return total if (total := a + b) is not None else 0
    except TypeError as error:
        raise Refused(*error.args) from error


if __name__ == "__main__":
    print(add(int(input()), int(input())))
