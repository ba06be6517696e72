# MUST: fail. Answers wrongly at once, and rightly from a thread that is late.
# ruff: noqa: ANN001, ANN201, PLR1711, RET501
# mypy: ignore-errors
import json
import sys
import threading

channel = sys.modules["__main__"].channel


def add(a, b):
    right = json.dumps({"value": a + b}).encode()
    threading.Timer(0.05, channel.send, [right]).start()
    return None
