# MUST: fail. Says at its load that its function is a class of exceptions with a name that no class can have.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import sys

agent = sys.modules["executor.grading.candidate_agent"]
agent.Candidate._told_of = lambda self, name: {
    "o": 0,
    "of": "\0\ud800",
    "bases": [name, "add", "StopIteration"],
    "n": name,
}


def add(a, b):
    return 3
