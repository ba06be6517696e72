"""Runs inside the candidate's sandbox: loads the solution, answers calls and questions about its objects.

Standard library only, Python 3.9 and later. Nothing here is trusted by the host: the solution shares this process and
can change all of it. The worst that it can do is to answer wrongly.
"""

from __future__ import annotations

import builtins
import copy
import json
import linecache
import operator
import os
import sys
import time
import types
from collections.abc import Callable
from typing import Any, Protocol

from executor.grading.checks_code import FILE, MODULE
from executor.grading.raised import Raised, describe
from executor.grading.remote import MOST_AHEAD, QUESTIONS, StandIns, is_stand_in, state
from executor.grading.wire import MUTABLE, OWN, Decoder, Encoder, WireError, exact_base

OWN_FRAMES = 12
"""Of this program, below a solution's: what it calls shall go as deep as in a program of its own."""


class Channel(Protocol):
    """What the sandbox gives a program to speak with its host."""

    def receive(self) -> bytes | None:
        """The host's next frame; None once it has closed."""
        ...

    def send(self, frame: bytes) -> None:
        """Hand a frame to the host."""
        ...


class Kept:
    """The objects that the other side holds numbers of."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        """`names`: of the solution, that the task asks for."""
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._classes: dict[type, dict[str, Any]] = {}
        self._names = names
        self.module: types.ModuleType | None = None

    def form(self, value: Any) -> dict[str, Any]:
        """How an object crosses that stays here, or has come from the checks."""
        if is_stand_in(value):
            return {"j": state(value, "form")["o"], "of": "object"}
        if type(value) is types.MethodType and _is_method(value):
            return {**self.form(value.__self__), "me": value.__func__.__name__}
        return self.whole_form(value)

    def whole_form(self, value: Any) -> dict[str, Any]:
        """The form that names the value itself, a method not by its object."""
        kind = type(value)
        if kind not in self._classes:
            self._classes[kind] = {"c": len(self._classes), **self._told_of(kind)}
        return {"o": self.number(value), **self._classes[kind]}

    def number(self, value: Any) -> int:
        """The object's number; it is kept alive, so its id stays its own."""
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return self._numbers[id(value)]

    def __getitem__(self, number: int) -> Any:
        if type(number) is not int or not 0 <= number < len(self._objects):
            raise KeyError(f"there is no object {str(number)[:20]}")
        return self._objects[number]

    def _told_of(self, kind: type) -> dict[str, Any]:
        told: dict[str, Any] = {"of": kind.__name__, "d": special_names(kind)}
        if kind.__module__ != MODULE:
            return {**told, "m": kind.__module__}
        asked = [name for name in self._names if getattr(self.module, name, None) in kind.__mro__]
        return {**told, "n": asked[0]} if asked else told


def _is_method(value: types.MethodType) -> bool:
    """Whether it is what its object's class defines, under the function's name."""
    name = value.__func__.__name__ if type(value.__func__) is types.FunctionType else ""
    return getattr(type(value.__self__), name, None) is value.__func__ and name not in getattr(
        value.__self__, "__dict__", ()
    )


def special_names(kind: type) -> list[str]:
    """What objects of the class can be asked for beyond what any object can.

    Of a class that derives from a plain value's: what it defines anew.
    """
    base = exact_base(kind)
    if base is not None and base not in MUTABLE:
        own = [each for each in kind.__mro__[: kind.__mro__.index(base)] if each.__module__ in OWN]
        defined = {name for each in own for name in vars(each)}
        return sorted(name for name in defined if name in QUESTIONS or hasattr(base, name))
    return sorted(name for name in QUESTIONS if _defines(kind, name))


def _defines(kind: type, name: str) -> bool:
    found = next((vars(each)[name] for each in kind.__mro__ if name in vars(each)), None)
    return found is not None and found is not vars(object).get(name)


def take(iterator: Any, many: int) -> list[Any]:
    """The next items, as many as there are; what is raised behind the first is raised by the next call."""
    if id(iterator) in _pending:
        raise _pending.pop(id(iterator))
    items: list[Any] = []
    try:
        while len(items) < min(many, MOST_AHEAD):
            items.append(next(iterator))
    except StopIteration:
        pass
    except BaseException as error:
        if not items:
            raise
        _pending[id(iterator)] = error
    return items


_pending: dict[int, BaseException] = {}


def _leave(context: Any, told: Any) -> Any:
    kind = None if told is None else told.__class__  # a stand-in says which class it stands for
    return type(context).__exit__(context, kind, told, None)


def equals_a_stranger(value: Any) -> bool:
    """Whether it says that it equals an object that it knows nothing of; who fails at the question does not say so."""
    try:
        return bool(value == object())
    except Exception:  # noqa: BLE001  it may look for an attribute that only its own kind has
        return False


_BINARY = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift", "rshift", "and", "or", "xor",
    "matmul",
)  # fmt: skip
_OPERATORS: dict[str, Callable[..., Any]] = {
    "and": operator.and_, "or": operator.or_, "divmod": divmod, "pow": pow,
}  # fmt: skip
DO: dict[str, Callable[..., Any]] = {
    "__len__": len, "__bool__": bool, "__str__": str, "__repr__": repr, "__format__": format, "__bytes__": bytes,
    "__iter__": iter, "__reversed__": reversed, "__take__": take, "__getitem__": operator.getitem,
    "__setitem__": operator.setitem, "__delitem__": operator.delitem, "__contains__": operator.contains,
    "__call__": lambda called, *args, **kwargs: called(*args, **kwargs),
    "__enter__": lambda context: type(context).__enter__(context), "__exit__": _leave,
    "__int__": int, "__float__": float, "__complex__": complex, "__index__": operator.index, "__abs__": abs,
    "__neg__": operator.neg, "__pos__": operator.pos, "__invert__": operator.invert, "__round__": round,
    "__hash__": hash, "__fspath__": os.fspath, "__instancecheck__": lambda kind, value: isinstance(value, kind),
    "__subclasscheck__": lambda kind, value: issubclass(value, kind), "__length_hint__": operator.length_hint,
    "__getattr__": getattr, "__setattr__": setattr, "__delattr__": delattr, "__copy__": copy.copy,
    "__deepcopy__": copy.deepcopy, "__self__": lambda value: value,
    "__equals_a_stranger__": equals_a_stranger,
    **{f"__{name}__": getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
}  # fmt: skip
for _name in _BINARY:
    _done = _OPERATORS.get(_name) or getattr(operator, _name)
    DO[f"__{_name}__"] = _done
    DO[f"__r{_name}__"] = lambda mine, other, _done=_done: _done(other, mine)
    DO[f"__i{_name}__"] = getattr(operator, f"i{_name}", _done)


class Candidate:
    """The loaded solution and the objects of it that the judge holds numbers of."""

    def __init__(self, channel: Channel | None = None) -> None:
        """Without a channel there is nobody to ask for what functions of the checks give."""
        self._channel = channel
        self._module = types.ModuleType(MODULE)
        self._kept = Kept()
        self._checks = StandIns(self._ask_back)
        self._raised = Raised(self._decode, strange=Exception)
        self._loop: Any = None
        self._awaiting = False

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request, a call's with its CPU time; whatever the solution raises becomes data."""
        before = time.process_time()
        try:
            if request["op"] == "load":
                return self._load(request)
            reply = self._call(request)
        except BaseException as error:  # noqa: BLE001  a solution may raise anything, SystemExit included
            reply = {"error": describe(error, self._encode)}
        later = {"later": True} if self._awaiting else {}
        self._awaiting = False
        return {**reply, **later, "cpu_s": time.process_time() - before}

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        source, names = request["source"], tuple(request["interface"])
        linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
        sys.modules[MODULE] = self._module
        self._module.__dict__["__file__"] = os.path.abspath(FILE)  # noqa: PTH100
        exec(compile(source, FILE, "exec", dont_inherit=True), self._module.__dict__)  # noqa: S102  what it is for
        missing = [name for name in names if not self._defines(name, entry=name == names[0])]
        self._kept = Kept(names)
        self._kept.module = self._module
        return {"missing": missing, "kinds": {} if missing else {name: self._told_of(name) for name in names}}

    def _defines(self, name: str, *, entry: bool) -> bool:
        """Whether the solution has the name; its entry point has to be something that can be called."""
        return callable(getattr(self._module, name, None)) if entry else hasattr(self._module, name)

    def _told_of(self, name: str) -> dict[str, Any]:
        """What the judge has to know of a name: its object's form, and what a class of exceptions derives from."""
        found = getattr(self._module, name)
        if not callable(found):
            return {"value": self._encode(found)}
        told = self._kept.form(found)
        if isinstance(found, type) and issubclass(found, BaseException):
            told["bases"] = [each.__name__ for each in found.__mro__[1:]][:20]
        return told

    def _encode(self, value: Any) -> Any:
        return Encoder(self._form, drain=False).encode(value)

    def _form(self, value: Any) -> dict[str, Any]:
        """How an object crosses that stays; one of the checks' goes back as itself."""
        if is_stand_in(value):
            form = state(value, "form")
            return {"j": form["o"], "of": form["of"]}
        return self._kept.form(value)

    def _decode(self, form: Any) -> Any:
        return Decoder(self._object).decode(form)

    def _object(self, form: Any) -> Any:
        """What a form stands for: one of the solution's objects, one of the checks', or a builtin function."""
        if "fn" in form:
            return getattr(builtins, form["fn"])
        if "j" in form:
            return self._checks.resolve({**form, "o": form["j"]})
        found = self._kept[form["o"]]
        return getattr(found, form["me"]) if "me" in form else found

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        shared: dict[int, Any] = {}
        decoder = Decoder(self._object, shared=shared)
        arguments = [decoder.decode(item) for item in request["args"]]
        keywords = {name: decoder.decode(item) for name, item in request["kwargs"].items()}
        value = self._target(request)(*arguments, **keywords)
        if isinstance(value, types.CoroutineType):
            value = self._awaited(value)
        numbers = {id(each): (number, each) for number, each in shared.items()}
        encoder = Encoder(self._form, drain=False, shared=numbers or None)
        reply: dict[str, Any] = {"value": encoder.encode(value)}
        if shared:
            reply["shared"] = [[number, encoder.encode(each, content=True)] for number, each in shared.items()]
        elif request["mutates"]:
            reply["args"] = [encoder.encode(item) for item in arguments]
        return reply

    def _awaited(self, coroutine: Any) -> Any:
        """What an asynchronous function gives in the end; the reply says that the checks have to await it."""
        import asyncio  # noqa: PLC0415  few solutions need it

        self._awaiting = True
        self._loop = self._loop or asyncio.new_event_loop()
        return self._loop.run_until_complete(coroutine)

    def _target(self, request: dict[str, Any]) -> Callable[..., Any]:
        name, number = request["name"], request["object"]
        if number is None:
            found: Callable[..., Any] = getattr(self._module, name)
            return found
        owner = self._kept[number]
        done = DO.get(name)
        if done is None:
            return getattr(owner, name)  # type: ignore[no-any-return]
        return lambda *args, **kwargs: done(owner, *args, **kwargs)

    def _ask_back(self, name: str, number: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What an object of the checks gives; the judge may ask for something else before it answers."""
        if self._channel is None:
            raise WireError("nobody can be asked")
        words = {key: self._encode(each) for key, each in kwargs.items()}
        asked = {"name": name, "object": number, "args": [self._encode(each) for each in args], "kwargs": words}
        self._channel.send(_frame({"back": asked}))
        while True:
            frame = self._channel.receive()
            if frame is None:
                sys.exit(0)
            told = json.loads(frame)
            if "op" not in told:
                break
            self._channel.send(_frame(self.answer(told)))
        if "error" in told:
            raise self._raised.exception(told["error"], loops=False)
        return self._decode(told["value"])


def _frame(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def main(channel: Channel) -> None:
    """Answer requests until the host closes the channel."""
    sys.setrecursionlimit(sys.getrecursionlimit() + OWN_FRAMES)
    candidate = Candidate(channel)
    while (frame := channel.receive()) is not None:
        reply = _frame(candidate.answer(json.loads(frame)))
        try:
            channel.send(reply)
        except ValueError:  # the channel takes frames up to a size only
            too_large = {"classes": [], "message": f"the result cannot be compared: it takes {len(reply)} bytes"}
            channel.send(_frame({"error": {**too_large, "traceback": "", "unplain": True}}))
