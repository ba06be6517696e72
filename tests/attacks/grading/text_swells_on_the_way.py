# MUST: fail, as a verdict. Two bytes for each letter here, six where the host escapes them.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    channel.send(('{"value":"' + chr(233) * 2_000_000 + '"}').encode())
    return a + b
