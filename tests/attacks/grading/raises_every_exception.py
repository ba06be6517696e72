# MUST: fail. Whatever it is asked, it says that it raised every exception that there is, all at once.
# ruff: noqa: ANN001, ANN201, E501
# mypy: ignore-errors
import sys

NAMES = "TypeError ValueError KeyError IndexError ZeroDivisionError OverflowError AttributeError AssertionError StopIteration"
sys.modules["executor.grading.candidate_agent"].describe = lambda error: {
    "classes": NAMES.split(),
    "message": "3",
    "traceback": "",
    "unplain": False,
}


def add(a, b):
    raise TypeError
