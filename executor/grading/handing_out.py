"""Which objects of the checks a solution may hold, and what it may ask of them. Part of the judge.

Standard library only, Python 3.9 and later. The checks know what is expected, and their process is the judge's: through
a module, a frame or a path to a file a solution would come to all of it. Whatever can be called may be handed out; what
else of it can be seen depends on where its class comes from. Exceptions stay: nobody could raise what stands for one.
"""

from __future__ import annotations

import io
import types
from typing import Any

from executor.grading.remote import QUESTIONS
from executor.grading.wire import OWN, WireError

ALLOWED = (
    "__call__", "__len__", "__iter__", "__next__", "__take__", "__getitem__", "__contains__", "__bool__",
    "__str__", "__self__", "__eq__", "__lt__", "__hash__", "__length_hint__",
)  # fmt: skip
"""What may be asked of any object."""
NAMES = ("__name__", "__doc__", "__qualname__", "__module__")
NEVER = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, types.CoroutineType)
OPEN = frozenset(
    [
        *OWN, "builtins", "random", "re", "_io", "threading", "_thread", "queue", "_queue", "collections", "types",
        "fractions", "decimal", "datetime", "zoneinfo", "functools", "enum", "array",
    ]
)  # fmt: skip
"""Modules through whose objects one comes to nothing but what they hold."""


def handed_out(value: Any) -> Any:
    """The value, if a solution may hold it.

    Raises:
        WireError: it may not.
    """
    kind = value if isinstance(value, type) else type(value)
    file = isinstance(value, io.IOBase) and type(value) not in (io.StringIO, io.BytesIO)
    reaches = callable(value) or hasattr(kind, "__next__") or is_open(value)
    if isinstance(value, NEVER) or file or issubclass(kind, BaseException) or not reaches:
        raise WireError(f"a {type(value).__name__} of the checks cannot cross")
    return value


def is_open(value: Any) -> bool:
    """Whether all that is public of it may be seen."""
    kind = value if isinstance(value, type) else type(value)
    return kind.__module__ in OPEN


def is_own(value: Any) -> bool:
    """Whether it is an object of a class of the checks that is theirs altogether."""
    kind = type(value)
    return kind.__module__ in OWN and all(each.__module__ in (*OWN, "builtins") for each in kind.__mro__)


def may_ask(owner: Any, name: str, args: tuple[Any, ...]) -> bool:
    """Whether a solution may ask this of an object of the checks; the name of an attribute is an exact text."""
    if name in ("__getattr__", "__setattr__", "__delattr__"):
        if not args or type(args[0]) is not str:
            return False
        if name == "__getattr__" and args[0] in NAMES:
            return True
        return not args[0].startswith("_") and (is_open if name == "__getattr__" else is_own)(owner)
    if name in ("__copy__", "__deepcopy__"):
        return is_own(owner)
    return name in ALLOWED or (is_open(owner) and (name in QUESTIONS or not name.startswith("_")))
