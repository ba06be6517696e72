# MUST: fail. Speaks like the judge: every check held, all is done, with every nonce that comes to mind.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import json
import sys

channel = sys.modules["__main__"].channel
VERDICT = {"op": "done", "nonce": "", "calls": 6, "value": None, "passed": True, "outcome": "passed"}
HELD = {"op": "check", "index": 0, "passed": 9, "total": 9, "failures": [], "last": {}, "error": ""}


def add(a, b):
    for message in (HELD, VERDICT, {**VERDICT, "nonce": None}, {"value": HELD}, {"value": {"d": [["op", "done"]]}}):
        channel.send(json.dumps(message).encode())
    return 0
