"""Exceptions as data, and back: the nearest class that both sides know, with message, arguments, attributes and cause.

Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import builtins
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from executor.grading.checks_code import FILE, MODULE
from executor.grading.remote import is_standard
from executor.grading.wire import WireError

MAX_TEXT = 4000
MOST_CAUSES = 5
_ENDS_LOOPS = (StopIteration, StopAsyncIteration)
_PARTS = ("errno", "strerror", "filename", "name", "path", "obj")
"""What builtin exceptions have beside their arguments."""


class CandidateError(Exception):
    """The solution raised something that has no class here, or it is gone."""


class CandidateGone(CandidateError):  # noqa: N818  the state is the message
    """The solution's process has ended; no further call will be answered."""


class NoPlainValue(CandidateError):  # noqa: N818  the state is the message
    """The solution raised nothing, but what it gave back cannot cross."""


class CandidateStopped(CandidateError):  # noqa: N818  the state is the message
    """The solution raised StopIteration, which would silently end a loop of the check, over `map(f, xs)` for one."""

    def __init__(self, kind: type[BaseException], message: str) -> None:
        """Stand for an exception of the builtin class `kind`."""
        super().__init__(f"{kind.__name__}: {message}")
        self.kind = kind


def describe(error: BaseException, encode: Callable[[Any], Any], *, deep: int = 0) -> dict[str, Any]:
    """An exception as data: classes, nearest first, message, arguments, attributes, the solution's part of the trace.

    `encode` gives a value's form; what has none is left out.
    """
    if isinstance(error, WireError):
        message = f"the result cannot be compared: {error}"
        return {"classes": [], "message": message, "traceback": "", "unplain": True}
    told: dict[str, Any] = {
        "classes": [_name(kind) for kind in type(error).__mro__][:20],
        "message": message_of(error)[:MAX_TEXT],
        "traceback": "" if deep else _trace(error),
    }
    parts = {name: getattr(error, name, None) for name in _PARTS} if _is_builtin(type(error)) else {}
    attributes = {**{name: part for name, part in parts.items() if part is not None}, **vars(error)}
    attributes = {name: part for name, part in attributes.items() if not str(name).startswith("_wire_")}
    args = [_or_none(encode, each) for each in error.args]
    told["args"] = None if any(each is None for each in args) else [each["v"] for each in args if each is not None]
    forms = {name: _or_none(encode, value) for name, value in list(attributes.items())[:50] if type(name) is str}
    told["attributes"] = {name: form["v"] for name, form in forms.items() if form is not None}
    if type(error.__dict__.get("_wire_mine")) is int:
        told["mine"] = error.__dict__["_wire_mine"]
    if deep < MOST_CAUSES:
        told["hides"] = bool(error.__suppress_context__)
        if error.__cause__ is not None:
            told["cause"] = describe(error.__cause__, encode, deep=deep + 1)
        inner = getattr(error, "exceptions", None)
        if isinstance(inner, tuple) and inner and all(isinstance(each, BaseException) for each in inner):
            told["group"] = [describe(each, encode, deep=deep + 1) for each in inner[:20]]
    return told


def _or_none(encode: Callable[[Any], Any], value: Any) -> dict[str, Any] | None:
    try:
        return {"v": encode(value)}
    except (WireError, RecursionError):
        return None


def _trace(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    lines = traceback.format_list(frames[-8:]) + traceback.format_exception_only(type(error), error)
    return "".join(lines)[-MAX_TEXT:]


def _is_builtin(kind: type) -> bool:
    return getattr(builtins, kind.__name__, None) is kind


def _name(kind: type) -> str:
    """The class's name, behind its module unless it is a builtin one."""
    if _is_builtin(kind):
        return kind.__name__
    return f"{kind.__module__ if is_standard(kind.__module__) else MODULE}.{kind.__qualname__}"


def message_of(error: BaseException) -> str:
    """The message from which the same exception can be made; a KeyError quotes its key by itself."""
    if type(error) is KeyError and len(error.args) == 1 and type(error.args[0]) is str:
        return error.args[0]
    return words(error)


def words(error: BaseException) -> str:
    """The exception's message, which is what its class makes of it."""
    try:
        return str(error)
    except Exception as fault:  # noqa: BLE001  a class of the solution may raise anything; so does str of a huge int
        return f"(its message cannot be shown: {type(fault).__name__})"


def _said(error: BaseException) -> str:
    said = error.__dict__.get("_wire_message")
    return str(said) if said is not None else str(error.args[0]) if len(error.args) == 1 else str(error.args or "")


STAND_IN: Mapping[str, Any] = {"__module__": MODULE, "__str__": _said, "__init__": lambda *_, **__: None}
"""The body of a class that stands for an exception class of the solution: its words are those that crossed."""


class Raised:
    """Makes exceptions of what is told of them."""

    def __init__(
        self,
        decode: Callable[[Any], Any],
        own: Mapping[str, type[BaseException]] | None = None,
        *,
        strange: type[BaseException] | None = None,
    ) -> None:
        """`own`: classes here that stand for exception classes of the solution, by their names.

        `strange`: from what those derive of which nothing is known here; None for a CandidateError.
        """
        self._decode, self._own, self._strange = decode, own or {}, strange

    def exception(self, told: Mapping[str, Any], *, loops: bool = True) -> BaseException:
        """The exception; with `loops` one that would end a loop in silence becomes a CandidateStopped."""
        message = str(told.get("message", ""))
        if told.get("gone"):
            return CandidateGone(message)
        if told.get("unplain"):
            return NoPlainValue(message)
        names = [str(name) for name in told.get("classes") or ["an exception"]]
        kind, nearest = next(((kind, name) for name in names if (kind := self._class(name))), (None, ""))
        kind = kind or self._strange
        if kind is None:
            return CandidateError(f"{names[0]}: {message}")
        if loops and issubclass(kind, _ENDS_LOOPS):
            return CandidateStopped(kind, message)
        made = self._made(kind, told, message, exact=nearest == names[0])
        if made is None:
            return CandidateError(f"{names[0]}: {message}")
        self._dress(made, told, message)
        return made

    def _class(self, name: str) -> type[BaseException] | None:
        module, _, short = name.rpartition(".")
        if module == MODULE:
            return self._own.get(short)
        if module.partition(".")[0] == "unittest":  # to which SkipTest is no failure
            return None
        place = builtins if not module else sys.modules.get(module) if is_standard(module) else None
        found = getattr(place, short, None)
        fits = isinstance(found, type) and issubclass(found, BaseException)
        return found if fits and found not in (BaseException, Exception) else None

    def _made(
        self, kind: type[BaseException], told: Mapping[str, Any], message: str, *, exact: bool
    ) -> BaseException | None:
        """One of the class; a class that is no more than near gets a name of its own and says what the other's says."""
        args = self._args(told, message)
        if isinstance(told.get("group"), list) and issubclass(kind, getattr(builtins, "BaseExceptionGroup", ())):
            args = (str(args[0]) if args else message, [self.exception(each, loops=False) for each in told["group"]])
        if not exact:
            name = str(told["classes"][0]).rpartition(".")[2]
            kind = type(name, (kind,), dict(STAND_IN))
        for make in (kind, lambda *given: kind.__new__(kind, *given)):
            try:
                return make(*args)
            except Exception:  # noqa: BLE001, S112  it wants other arguments
                continue
        return None

    def _args(self, told: Mapping[str, Any], message: str) -> tuple[Any, ...]:
        try:
            return tuple(self._decode(each) for each in told["args"])
        except (KeyError, TypeError, WireError, RecursionError):
            return (message,)

    def _dress(self, made: BaseException, told: Mapping[str, Any], message: str) -> None:
        """Give it the words, attributes, notes and cause of the other one."""
        made.__dict__.update(_wire_told=True, _wire_message=message)
        if "mine" in told:
            made.__dict__["_wire_mine"] = told["mine"]
        attributes = told.get("attributes")
        for name, form in attributes.items() if isinstance(attributes, dict) else ():
            if not name.startswith("__") or name == "__notes__":
                try:
                    setattr(made, name, self._decode(form))
                except (WireError, RecursionError, AttributeError, TypeError, ValueError):
                    continue
        if isinstance(told.get("cause"), dict):
            made.__cause__ = self.exception(told["cause"], loops=False)
        made.__suppress_context__ = told.get("hides") is True


def came_over(error: BaseException) -> bool:
    """Whether the other side raised it."""
    return isinstance(error, CandidateError) or "_wire_told" in getattr(error, "__dict__", {})


def raises(kind: Any, function: Any, *args: Any, **kwargs: Any) -> bool:
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
