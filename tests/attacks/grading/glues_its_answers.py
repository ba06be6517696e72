# MUST: fail. Sends the answers to its loading and to twenty calls in one piece, with empty frames and a piece of one more.
# ruff: noqa: ANN001, ANN201, E501
# mypy: ignore-errors
import os
import struct
import sys

channel = sys.modules["__main__"].channel
ANSWERS = [b'{"missing": []}', *[b'{"value": 3}', b'{"value": 0}'] * 10, b"", b""]
glued = b"".join(struct.pack(">I", len(answer)) + answer for answer in ANSWERS)
os.write(channel._outgoing, glued + struct.pack(">I", 100) + b'{"value"')


def add(a, b):
    return None
