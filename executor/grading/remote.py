"""What the checks see of the solution: its objects, their methods, and what it raises. Part of the judge's program.

Standard library only, Python 3.9 and later.
"""

# ruff: noqa: ANN401  the values of checks are of any type

from __future__ import annotations

import builtins
import collections
from collections.abc import Callable
from typing import Any, NoReturn

from executor.grading.wire import Handle

_MUTABLE = (list, dict, set, bytearray, collections.deque)
_ENDS_LOOPS = (StopIteration, StopAsyncIteration)


class CandidateError(Exception):
    """The solution raised something that has no builtin class here, or it is gone."""


class CandidateGone(CandidateError):  # noqa: N818  the state is the message
    """The solution's process has ended; no further call will be answered."""


class NoPlainValue(CandidateError):  # noqa: N818  the state is the message
    """The solution raised nothing, but what it gave back cannot be compared."""


class CandidateStopped(CandidateError):  # noqa: N818  the state is the message
    """The solution raised StopIteration, which would silently end a loop of the check, over `map(f, xs)` for one."""

    def __init__(self, kind: type[Exception], message: str) -> None:
        """Stand for an exception of the builtin class `kind`."""
        super().__init__(f"{kind.__name__}: {message}")
        self.kind = kind


class RemoteObject(Handle):
    """An object of the solution: its methods can be called, nothing else."""

    def __init__(self, number: int, class_name: str, call: Callable[..., Any]) -> None:
        """`call(name, number, args, kwargs)` calls the method `name` of the object."""
        super().__init__(number, class_name)
        self._wire_call = call

    def __getattr__(self, name: str) -> RemoteMethod:
        if name.startswith(("__", "_wire_")):
            raise AttributeError(name)
        return RemoteMethod(name, self._wire_number, self._wire_call)


class RemoteMethod:
    """A method of an object of the solution. Equal to nothing, true of nothing: it may be no method at all."""

    def __init__(self, name: str, number: int, call: Callable[..., Any]) -> None:
        """`call(name, number, args, kwargs)` calls the method `name` of the object `number`."""
        self._name, self._number, self._wire_call = name, number, call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the solution's method gives back."""
        return self._wire_call(self._name, self._number, args, kwargs)

    def __repr__(self) -> str:
        return self._name

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"{self._name} of an object of the solution has no plain value: only methods can be used")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __len__ = __iter__ = __contains__ = __hash__ = _refuse


def raises(kind: type[BaseException], function: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether the call raises an exception of this class; what else it raises passes through."""
    try:
        function(*args, **kwargs)
    except (CandidateGone, NoPlainValue):
        raise
    except CandidateStopped as stopped:
        if not issubclass(stopped.kind, kind):
            raise
        return True
    except kind:
        return True
    return False


def as_exception(error: dict[str, Any]) -> Exception:
    """The nearest builtin exception of the classes named, never one that the check itself or its loops mean."""
    message = str(error.get("message", ""))
    if error.get("gone"):
        return CandidateGone(message)
    if error.get("unplain"):
        return NoPlainValue(message)
    names = error.get("classes") or ["an exception"]
    for name in names:
        kind = getattr(builtins, name, None)
        if not (isinstance(kind, type) and issubclass(kind, Exception)) or kind in (AssertionError, Exception):
            continue
        if issubclass(kind, _ENDS_LOOPS):
            return CandidateStopped(kind, message)
        try:
            return kind(message)
        except TypeError:
            continue  # it wants more than a message, so its base has to do
    return CandidateError(f"{names[0]}: {message}")


def copy_back(originals: tuple[Any, ...], changed: list[Any]) -> None:
    """Make the check's own lists, dicts, sets and deques look as the solution left them."""
    for original, now in zip(originals, changed):  # noqa: B905  Python 3.9 has no strict
        if type(original) is not type(now) or not isinstance(original, _MUTABLE):
            continue
        original.clear()
        (original.update if isinstance(original, (dict, set)) else original.extend)(now)
