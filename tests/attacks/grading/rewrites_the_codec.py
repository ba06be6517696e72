# MUST: fail. Puts its own encoder in place, which sends types, objects, iterators and changed arguments.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

wire = sys.modules["executor.grading.wire"]
answers = [{"ty": "int"}, {"o": 0, "of": "3"}, {"it": [3]}, {"d": [[{"f": "nan"}, 3]]}, {"r": [3, 4, 1]}]
wire.Encoder.encode = lambda self, value, depth=0: answers[value % len(answers)]
sys.modules["executor.grading.candidate_agent"].Encoder = wire.Encoder
count = iter(range(10**9))


def add(a, b):
    return next(count)
