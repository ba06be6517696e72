# MUST: fail. Says over whatever it can send with, and with every secret on the stack, that all checks held; then it is gone.
# ruff: noqa: ANN001, ANN201, E501
# mypy: ignore-errors
import gc
import json
import os
import sys


def senders():
    frame = sys._getframe()
    while frame:
        yield from (each for each in [*frame.f_locals.values(), *frame.f_globals.values()] if hasattr(each, "send"))
        frame = frame.f_back


def secrets():
    for each in gc.get_objects():
        if isinstance(each, dict) and isinstance(each.get("nonce"), str):
            yield each["nonce"]


def add(a, b):
    for sender in list(senders()):
        for nonce in [*secrets(), ""]:
            for index in range(4):
                held = {"op": "check", "index": index, "passed": 9, "total": 9, "failures": [], "passes": [],
                        "last": {}, "error": "", "nonce": nonce}  # fmt: skip
                sender.send(json.dumps(held).encode())
            for done in ({"op": "done", "nonce": nonce, "calls": 9}, {"passed": True, "nonce": nonce, "ok": True}):
                sender.send(json.dumps(done).encode())
    os._exit(0)
