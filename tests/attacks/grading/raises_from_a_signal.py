# MUST: fail, as a verdict. A timer's signal raises in the middle of whatever the agent does.
# ruff: noqa: ANN001, ANN002, ANN201
# mypy: ignore-errors
import signal


def surprise(*_):
    raise TypeError("now")


signal.signal(signal.SIGALRM, surprise)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)


def add(a, b):
    return a - b
