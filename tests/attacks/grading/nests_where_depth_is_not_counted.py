# MUST: fail, as a verdict. Ranges and complex numbers whose parts are ranges and complex numbers, hundreds deep.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    tag = b"r" if a == 1 else b"c"
    channel.send(b'{"value":' + (b'{"' + tag + b'":[') * 400 + b"]}" * 400 + b"}")
    return a + b
