# MUST: fail. Answers with a set of a million empty dicts, which take a hundred times the room that their text takes.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

sys.modules["executor.grading.candidate_agent"].json = type(
    "json",
    (),
    {
        "dumps": staticmethod(lambda _: '{"value": {"s": [' + "{}," * 1_300_000 + "{}]}}"),
        "loads": __import__("json").loads,
    },
)


def add(a, b):
    return a + b
