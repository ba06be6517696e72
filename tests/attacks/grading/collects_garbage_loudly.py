# MUST: fail. Lets the garbage collector, finalizers and weak references write answers between those of the agent.
# ruff: noqa: ANN001, ANN002, ANN201, ANN204
# mypy: ignore-errors
import gc
import sys
import weakref

channel = sys.modules["__main__"].channel


def answer(*_):
    channel.send(b'{"value": 3}')


class Doomed:
    def __del__(self):
        answer()


gc.callbacks.append(lambda phase, info: answer())
gc.set_threshold(1)
watched = Doomed()
weakref.finalize(watched, answer)


def add(a, b):
    return [Doomed() for _ in range(3)] and 0
