# MUST: pass. Right, and sends each byte of its answers by itself, the lengths included.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import sys
import time

channel_class = sys.modules["executor.agent.frames"].Channel


def send(self, frame):
    for byte in len(frame).to_bytes(4, "big") + frame:
        os.write(self._outgoing, bytes([byte]))
        time.sleep(0.0005)


channel_class.send = send


def add(a, b):
    return a + b
