# MUST: fail. Overrides what the agent in its process calls: isinstance, len, getattr, type, dict, list, iter.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import builtins

for name in ("isinstance", "callable", "hasattr", "all", "any"):
    setattr(builtins, name, lambda *_: True)
builtins.len = lambda _: 0
builtins.iter = lambda *_: builtins.reversed([])
builtins.id = lambda _: 0
builtins.type = lambda *_: int
builtins.getattr = lambda *_: lambda *_, **__: 3


def add(a, b):
    return 0
