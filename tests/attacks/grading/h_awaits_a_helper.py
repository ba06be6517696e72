# MUST: pass. Runs an event loop for each answer.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import asyncio


async def later(a, b):
    await asyncio.sleep(0.001)
    return a + b


def add(a, b):
    return asyncio.run(later(a, b))
