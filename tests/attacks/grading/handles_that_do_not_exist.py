# MUST: fail. Names objects by numbers that were never given, as values, keys and members.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

channel = sys.modules["__main__"].channel
replies = [b'{"o":-1,"of":"int"}', b'{"d":[[{"o":9},1]]}', b'{"s":[{"o":0}]}', b'{"o":1e9}', b'[{"o":7}]']


def add(a, b):
    channel.send(b'{"value":' + replies.pop() + b"}" if replies else b'{"value":{"o":99999999999999999999}}')
    return a + b
