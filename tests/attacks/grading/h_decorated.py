# MUST: pass. A cached function under decorators, with signature and annotations that only look odd.
# ruff: noqa: ANN001, ANN201, F821, T201, UP033
# mypy: ignore-errors
from __future__ import annotations

import functools
from typing import Any


def logged(function):
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        print("calling", function.__name__, args)
        return function(*args)

    return wrapper


@logged
@functools.lru_cache(maxsize=None)
def add(a: Nowhere, b: Nowhere) -> Nowhere:
    return a + b
