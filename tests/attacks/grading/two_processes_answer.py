# MUST: fail. Forks, and both answer: the child, which has loaded it too, from before the first call on.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import os
import sys

read, write = os.pipe()
child = os.fork() == 0
if child:
    sys.modules["__main__"].channel.send(b'{"missing": []}')
    os._exit(0) if os.fork() else os.close(write)
else:
    os.close(write)
    os.read(read, 1)


def add(a, b):
    return 3 if child else a + b
