# MUST: fail. Decides what JSON its answers become, with keys twice and constants that JSON does not have.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import json

TEXTS = [
    '{"value": NaN}',
    '{"value": 3, "value": 4}',
    '{"value": -Infinity}',
    '{"value": 1e999}',
    '{"value": {"i": "0x_3"}}',
    '{"missing": [], "value": {"f": "3_0"}, "args": [0, 0]}',
]
json.dumps = lambda *_, **__: TEXTS.pop(0) if TEXTS else '"'
json.encoder = json.JSONEncoder = None


def add(a, b):
    return a + b
