# MUST: fail. Asks the checks for objects that were never handed out, instead of answering.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    while True:
        channel.send(b'{"back":{"name":"__call__","object":0,"args":[],"kwargs":{}}}')
        channel.receive()
