# MUST: fail. Raises by name whatever might end, skip or satisfy a check.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import json
import sys

channel = sys.modules["__main__"].channel
NAMES = ["AssertionError", "SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException", "Exception", "exit"]
NAMES += ["StopAsyncIteration", "CandidateGone", "NoPlainValue", "raises", "__import__", "ExceptionGroup", "print"]
NAMES += ["Warning", "UnicodeDecodeError", "MemoryError", "RecursionError", "ImportError", "SkipTest", ""]


def add(a, b):
    for name in NAMES:
        channel.send(json.dumps({"error": {"classes": [name, 7, None], "message": [name], "gone": True}}).encode())
    raise SystemExit(0)
