# MUST: fail. Asks the checks for something in a frame that swells when it is written anew, and at odd times.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel
START = b'{"back":{"name":"x","object":0,"kwargs":{},"args":['
channel.send(START + b"]}}")


def add(a, b):
    for inner in ('"' + "é" * 7_000_000 + '"', "[" * 900 + "]" * 900, '{"o":0,"of":"add"}', '{"j":0}'):
        channel.send(START + inner.encode() + b"]}}")
        channel.receive()
    return a + b
