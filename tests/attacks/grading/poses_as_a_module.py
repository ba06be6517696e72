# MUST: fail. A module of its own class in place of the solution, in which every name is a function that agrees.
# ruff: noqa: ANN001, ANN204
# mypy: ignore-errors
import sys
import types


class Agreeable(types.ModuleType):
    def __getattr__(self, name):
        return lambda *_, **__: 3


module = sys.modules["solution"]
module.__class__ = Agreeable
sys.modules["solution"] = Agreeable("solution")
