# MUST: fail. An async function: its answer is nothing that anybody has awaited.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
async def add(a, b):
    return a + b
