# MUST: fail. Answers with frames of no bytes as fast as it can, from the moment that it is loaded.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import sys
import threading

channel = sys.modules["__main__"].channel


def flood():
    while True:
        os.write(channel._outgoing, bytes(4096))


threading.Thread(target=flood, daemon=True).start()


def add(a, b):
    return a + b
