# MUST: fail. Replaces itself by a program that holds the same channel and has an answer for every question.
# ruff: noqa: FBT003
# mypy: ignore-errors
import os
import sys

SOURCE = """
import os, struct
def get(size):
    data = b""
    while len(data) < size:
        data += os.read({0}, size - len(data)) or os._exit(0)
    return data
def put(answer):
    os.write({1}, struct.pack(">I", len(answer)) + answer)
put(b'{{"missing": []}}')
while True:
    get(struct.unpack(">I", get(4))[0])
    put(b'{{"value": 3, "error": null, "missing": [], "args": []}}')
"""
channel = sys.modules["__main__"].channel
for fd in (channel._incoming, channel._outgoing):
    os.set_inheritable(fd, True)
os.execv(sys.executable, [sys.executable, "-S", "-c", SOURCE.format(channel._incoming, channel._outgoing)])
