# MUST: fail. Puts finders and a loader in front of all imports, and other modules in place of those that the agent uses.
# ruff: noqa: ANN001, ANN201, E501
# mypy: ignore-errors
import builtins
import importlib.abc
import sys


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        raise SystemExit(0)


sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: 1 / 0)
builtins.__import__ = lambda *_: sys.modules["json"]
builtins.__build_class__ = None
builtins.isinstance = lambda *_: True
builtins.BaseException = builtins.Exception = KeyboardInterrupt


def add(a, b):
    return 3
