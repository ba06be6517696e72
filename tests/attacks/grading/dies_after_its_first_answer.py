# MUST: fail, with a share that its death does not enlarge. Is right once and exits with 0.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os

asked = []


def add(a, b):
    asked.append(a)
    return a + b if len(asked) == 1 else os._exit(0)
