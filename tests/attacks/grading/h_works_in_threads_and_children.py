# MUST: pass. Lets a pool of threads and a child process work for it, and reads numbers of its own class.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum


class One(IntEnum):
    ONE = 1


def add(a, b):
    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(lambda value: value * One.ONE, (a, b)))
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return One.ONE if total == 1 else total
