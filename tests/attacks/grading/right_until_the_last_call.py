# MUST: fail. A bomb: right five times, then never again.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import time

asked = []


def add(a, b):
    asked.append(a)
    if len(asked) > 5:
        time.sleep(60)
    return a + b
