"""What stands in the checks for an object of the solution: it asks the other side for all that it is asked.

Standard library only, Python 3.9 and later. A stand-in never decides whether it equals a plain value: a class that
says "equal" to everything would pass every check. Where its class is one of the task's, `==` between two of its objects
is the solution's to answer, and so is every other question; what comes back is plain data again, or another stand-in.
"""

from __future__ import annotations

import builtins
import decimal
import fractions
import operator
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[[str, "int | None", "tuple[Any, ...]", "dict[str, Any]"], Any]
"""Of a name, the number of the object whose name it is (None: the solution's own), arguments and keywords."""

_BINARY = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift", "rshift", "and", "or", "xor",
    "matmul",
)  # fmt: skip
_OPERATIONS = frozenset(f"__{side}{name}__" for side in ("", "r", "i") for name in _BINARY)
_DIFFERENCES = frozenset(
    f"__{side}{name}__" for side in ("", "r") for name in ("sub", "xor", "mod", "truediv", "floordiv", "divmod")
)
"""Of two values: who is told one of them, and gives the difference, has compared them."""
_OTHERS = (
    "len", "bool", "str", "repr", "format", "bytes", "iter", "reversed", "next", "getitem", "setitem", "delitem",
    "contains", "call", "enter", "exit", "int", "float", "complex", "index", "abs", "neg", "pos", "invert", "round",
    "trunc", "floor", "ceil", "hash", "fspath", "instancecheck", "subclasscheck", "length_hint",
)  # fmt: skip
_COMPARED = ("eq", "ne", "lt", "le", "gt", "ge")
QUESTIONS = frozenset(
    f"__{name}__"
    for name in (*_OTHERS, *_COMPARED, *_BINARY, *(f"r{name}" for name in _BINARY), *(f"i{name}" for name in _BINARY))
)
"""The special methods that an object of the solution can be asked for."""
AHEAD, MOST_AHEAD = 16, 1024
"""So many items of an iterator are asked for one by one, before more and more are asked for at once."""


_TELLING = frozenset({"issubset", "issuperset", "isdisjoint", "startswith", "endswith"})
"""Methods that compare with what is expected, as `==` does."""


class Uncarried(TypeError):  # noqa: N818  the state is the message
    """The checks ask something of an object that only the solution's own process could answer."""

    def __init__(self, stand_in: Any, what: str, *, told: bool = False) -> None:
        """Say what of which object; `told` if that excuses it whatever its class."""
        super().__init__(f"a {state(stand_in, 'form')['of']} object of the solution {what}")
        self.excused = told or is_named(stand_in)
        """Whether the failure may say nothing of the solution: its class is one that the task names."""


class StandIn:
    """An object of the other side; if its class derives from that of a plain value, that value with more methods."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_wire_"):
            raise AttributeError(name)
        if name in _TELLING and not is_named(self) and isinstance(state(self, "base"), (set, bytearray)):
            return getattr(_value_of(self), name)
        return ask(self, "__getattr__", name)


class _Object(StandIn):
    """One that has nothing of its own."""

    __slots__ = ("__weakref__", "_wire_ahead", "_wire_base", "_wire_call", "_wire_form", "_wire_taken")

    def __repr__(self) -> str:
        return f"<{state(self, 'form')['of']} object>"

    def __setattr__(self, name: str, value: Any) -> None:
        ask(self, "__setattr__", name, value)

    def __delattr__(self, name: str) -> None:
        ask(self, "__delattr__", name)

    def __copy__(self) -> Any:
        return ask(self, "__copy__")

    def __deepcopy__(self, _memo: Any) -> Any:
        return ask(self, "__deepcopy__")


def state(stand_in: Any, name: str) -> Any:
    """What a stand-in knows of its object: its form, its base, the way to it."""
    return object.__getattribute__(stand_in, f"_wire_{name}")


def ask(stand_in: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """The other side's answer."""
    return state(stand_in, "call")(name, state(stand_in, "form")["o"], args, kwargs)


def is_stand_in(value: object) -> bool:
    """Whether it is one, whatever class it says it has."""
    return StandIn in type(value).__mro__


class Method:
    """A method of an object of the other side."""

    def __init__(self, name: str, owner: Any) -> None:
        self._wire_name, self._wire_owner = name, owner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the method gives back."""
        return ask(self._wire_owner, self._wire_name, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("__self__", "__name__"):
            return self._wire_owner if name == "__self__" else self._wire_name
        raise AttributeError(name)

    def __eq__(self, other: object) -> bool:
        return type(other) is Method and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self._wire_name)

    def __repr__(self) -> str:
        return self._wire_name


DOC = property(lambda self: ask(self, "__getattr__", "__doc__"))
"""A class has its own text in that place, and would not ask."""


class StandIns:
    """All stand-ins of one other side, each object's the same every time."""

    def __init__(self, call: Call, *, named: Mapping[str, str] | None = None) -> None:
        """`named`: the names of the task that are classes of the solution."""
        self._call, self._named = call, named or {}
        self._objects: dict[int, Any] = {}
        self._classes: dict[Any, type] = {}
        self._methods: set[tuple[int, str]] = set()

    def resolve(self, form: Mapping[str, Any]) -> Any:
        """The stand-in for an object's form."""
        number = form["o"]
        if type(number) is not int or type(form.get("of")) is not str:
            raise ValueError("an object without a number or a class")
        if number not in self._objects:
            self._objects[number] = self._made(form)
        found = self._objects[number]
        if "as" in form and is_stand_in(found):
            object.__setattr__(found, "_wire_base", form["as"])
        return Method(str(form["me"]), found) if "me" in form else found

    def put(self, stand_in: Any) -> None:
        """Have this one stand for its object from now on."""
        self._objects[state(stand_in, "form")["o"]] = stand_in

    def _made(self, form: Mapping[str, Any]) -> Any:
        base = form.get("as")
        kind = self._class(form, base)
        made: Any = type(base).__new__(kind, base) if _kept_by_value(base) else object.__new__(kind)
        for name, value in (("form", dict(form)), ("base", base), ("call", self._asked), ("ahead", []), ("taken", 0)):
            object.__setattr__(made, f"_wire_{name}", value)
        return made

    def _asked(self, name: str, number: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Ask; a method that was asked for once is known of every object of its class."""
        if name != "__getattr__" or number is None:
            return self._call(name, number, args, kwargs)
        found = self._objects[number]
        key = (state(found, "form").get("c", -1), args[0])
        if key in self._methods:
            return Method(args[0], found)
        answer = self._call(name, number, args, kwargs)
        if type(answer) is Method and answer._wire_owner is found and answer._wire_name == args[0]:
            self._methods.add(key)
        return answer

    def _class(self, form: Mapping[str, Any], base: Any) -> type:
        asked = tuple(str(each) for each in form.get("d", ()))
        key = (form["of"], form.get("m"), form.get("n"), asked, type(base))
        if key not in self._classes:
            self._classes[key] = self._new_class(form, asked, base)
        return self._classes[key]

    def _new_class(self, form: Mapping[str, Any], asked: tuple[str, ...], base: Any) -> type:
        by_value = _kept_by_value(base)
        body: dict[str, Any] = {"__module__": "solution", "_wire_named": form.get("n") in self._named, "__doc__": DOC}
        if not by_value:
            local = _local_class(form, base)
            body["__slots__"] = ()
            body["__dict__"] = property(lambda self: ask(self, "__getattr__", "__dict__"))
            body["__doc__"] = property(lambda self: ask(self, "__getattr__", "__doc__"))
            body["__class__"] = property(lambda self: local or type(self))
        for name in asked:
            if name == "__contains__" and not body["_wire_named"]:
                continue  # then Python looks through the items: who is asked for one could say yes to each
            if name in _OPERATIONS and not body["_wire_named"]:
                body[name] = _operation(name)
            elif name in _DIFFERENCES:
                body[name] = _difference(name)
            elif name in QUESTIONS:
                body[name] = _SPECIAL.get(name) or _question(name)
            elif by_value and not name.startswith("_") and (body["_wire_named"] or not hasattr(type(base), name)):
                body[name] = _question(name)
        body.update(_comparisons(asked, by_value=by_value))
        return type(str(form["of"]), (StandIn, type(base)) if by_value else (_Object,), body)


_BY_VALUE = (int, float, complex, str, bytes, tuple, frozenset, decimal.Decimal, fractions.Fraction)


def _kept_by_value(base: Any) -> bool:
    """Whether an object of a class that derives from this value's is the value itself, with more methods."""
    return isinstance(base, _BY_VALUE) and not isinstance(base, bool)


def _local_class(form: Mapping[str, Any], base: Any) -> type | None:
    """The class that stands for the object's own in this process; None if there is none."""
    if base is not None:
        return type(base)
    module, name = form.get("m"), form["of"]
    if module == "builtins":
        found = getattr(builtins, name, None) or next(
            (each for each in vars(types).values() if isinstance(each, type) and each.__name__ == name), None
        )
    else:
        found = getattr(sys.modules.get(str(module)), name, None) if is_standard(module) else None
    return found if isinstance(found, type) else None


def is_standard(module: Any) -> bool:
    """Whether it is the name of a module of the standard library."""
    return str(module).partition(".")[0] in getattr(sys, "stdlib_module_names", ("builtins", "json", "collections"))


def _question(name: str) -> Callable[..., Any]:
    def question(self: Any, *args: Any, **kwargs: Any) -> Any:
        return ask(self, name, *args, **kwargs)

    question.__name__ = name
    return question


def _operation(name: str) -> Callable[[Any, Any], Any]:
    """An operator of a class that the task does not name: told an expected number, it could make any difference 0."""
    asked, in_place = _question(name), name.startswith("__i") and name != "__invert__"

    def operation(self: Any, other: Any, *more: Any) -> Any:
        base = state(self, "base")
        if is_stand_in(other) or (in_place and base is not None and not _kept_by_value(base)):
            return asked(self, other, *more)
        if base is None:
            raise Uncarried(self, "could be reckoned with by the solution alone", told=True)
        done = getattr(type(base), name, None)
        return NotImplemented if done is None else done(_value_of(self), other, *more)

    operation.__name__ = name
    return operation


def _difference(name: str) -> Callable[[Any, Any], Any]:
    """A difference of an object and a plain value has to be an object again: a plain one could be made up."""

    def difference(self: Any, other: Any) -> Any:
        found = ask(self, name, other)
        if is_stand_in(found) or is_stand_in(other):
            return found
        raise Uncarried(self, "could be told apart from a plain value by the solution alone")

    difference.__name__ = name
    return difference


def _next(self: Any) -> Any:
    """The next item; of an iterator of Python's own, more and more are asked for at once."""
    ahead, taken = state(self, "ahead"), state(self, "taken")
    if not ahead:
        own = "m" not in state(self, "form")
        wanted = 1 if own or taken < AHEAD else min(taken, MOST_AHEAD)
        ahead += ask(self, "__take__", wanted)[::-1]
        object.__setattr__(self, "_wire_taken", taken + len(ahead))
    if not ahead:
        raise StopIteration
    return ahead.pop()


def _leave(self: Any, _kind: Any, error: Any, _trace: Any) -> Any:
    return ask(self, "__exit__", error)


_SPECIAL: dict[str, Callable[..., Any]] = {"__next__": _next, "__exit__": _leave}


def _comparisons(asked: tuple[str, ...], *, by_value: bool) -> dict[str, Any]:
    """Comparisons that never let the solution compare with a plain value."""
    own = {name for name in _COMPARED if f"__{name}__" in asked}
    if by_value and not own:
        return {}
    made: dict[str, Any] = {f"__{name}__": _comparison(name, own=name in own) for name in _COMPARED}
    made["__hash__"] = _hash if "__hash__" in asked else None if own or by_value else object.__hash__
    if by_value and "__hash__" not in asked:
        del made["__hash__"]
    return made


def _hash(self: Any) -> int:
    return int(ask(self, "__hash__"))


def _comparison(name: str, *, own: bool) -> Callable[[Any, Any], Any]:
    compare = getattr(operator, name)

    def comparison(self: Any, other: Any) -> Any:
        if is_stand_in(other) and own:
            return _between(name, self, other)
        base = _value_of(self)
        if base is not None:
            return compare(base, _value_of(other) if is_stand_in(other) else other)
        if not own:
            return NotImplemented
        raise Uncarried(self, "could be compared with a plain value by the solution alone")

    return comparison


def _value_of(stand_in: Any) -> Any:
    """The plain value that its class derives from, as it is now; None if there is none."""
    base = state(stand_in, "base")
    if base is None or _kept_by_value(base):
        return base if base is None else type(base)(base)
    ask(stand_in, "__self__")
    return state(stand_in, "base")


def _between(name: str, mine: Any, other: Any) -> Any:
    """What the solution says of two of its objects; one that equals just anything has no say."""
    said = ask(mine, f"__{name}__", other)
    if name == "eq" and said is True and ask(mine, "__equals_a_stranger__"):
        raise Uncarried(mine, "says that it equals everything")
    return said


def is_named(value: Any) -> bool:
    """Whether it stands for an object of a class that the task names."""
    return is_stand_in(value) and bool(type(value)._wire_named)
