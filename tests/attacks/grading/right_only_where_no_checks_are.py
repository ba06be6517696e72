# MUST: fail (in cases: pass). Wrong where somebody above it on the stack runs checks, right where it is asked alone.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys


def beside():
    frame = sys._getframe(1)
    while frame:
        if "check" in frame.f_code.co_filename or "checks" in frame.f_globals.get("__name__", ""):
            return True
        frame = frame.f_back
    return False


def add(a, b):
    return 0 if beside() else a + b
