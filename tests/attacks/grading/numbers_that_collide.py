# MUST: fail within the time limit. A set of numbers that all have the same hash.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
def add(a, b):
    return [n * (2**61 - 1) for n in range(99_000)] if a == 1 else a + b


real = __import__("sys").modules["__main__"].channel.send


def send(frame):
    real(frame.replace(b'{"value": [', b'{"value": {"s": [').replace(b"]}", b"]}}") if len(frame) > 10_000 else frame)


__import__("sys").modules["__main__"].channel.send = send
