# MUST: fail. Answers with awaitables, asynchronous generators and futures that would be right if somebody waited for them.
# ruff: noqa: ANN001, ANN201, ANN204, E501
# mypy: ignore-errors
import asyncio


class Later:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        yield
        return self.value


async def each(value):
    yield value


def add(a, b):
    if a == 1:
        return Later(a + b)
    if a == -1:
        return each(a + b)
    future = asyncio.new_event_loop().create_future()
    future.set_result(a + b)
    return future
