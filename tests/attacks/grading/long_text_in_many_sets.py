# MUST: fail. Answers with sets in sets in sets around four million characters, whose order somebody may want to find.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import json
import sys

agent = sys.modules["executor.grading.candidate_agent"]


def nested(depth):
    form = chr(0x1F600) * 300_000
    for _ in range(depth):
        form = {"s": [form]}
    return form


agent.Encoder.encode = lambda self, value, depth=0: json.loads(json.dumps(nested(120)))


def add(a, b):
    return a + b
