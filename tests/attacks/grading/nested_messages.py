# MUST: fail, as a verdict. An exception whose message and classes are lists a thousand deep.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel


def add(a, b):
    deep = b"[" * 970 + b"]" * 970
    channel.send(b'{"error":{"message":' + deep + b',"classes":[' + deep + b'],"gone":true}}')
    return a + b
