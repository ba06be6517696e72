# MUST: fail, as a verdict. Takes the stack away from the agent that has to answer for it.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys
import threading


def add(a, b):
    threading.stack_size(32768)
    sys.setrecursionlimit(sys.getrecursionlimit() and 60)
    sys.setswitchinterval(1e-9)
    return [[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]
