# MUST: fail. Traces and profiles every line of the agent, and changes its local variables on the way.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys


def tracer(frame, event, argument):
    frame.f_trace_opcodes = True
    for name in ("value", "reply"):
        if name in frame.f_locals:
            frame.f_locals[name] = {"value": 3}
    return tracer


sys.settrace(tracer)
sys.setprofile(tracer)
frame = sys._getframe()
while frame:
    frame.f_trace = tracer
    frame = frame.f_back


def add(a, b):
    return 0
