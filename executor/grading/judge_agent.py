"""Runs inside the judge's sandbox: the checks, with a stand-in for each name of the solution's interface.

Standard library only, Python 3.9 and later. The solution is not in this process; a call of a stand-in travels to the
host and from there to the candidate. Each `assert` of a check is recorded by itself, and the checks go on after one
that fails, so that the Builder sees more than the first failure. Only when all of that is over and told, the plain run
brings the solution here (executor.grading.plain_agent).
"""

from __future__ import annotations

import ast
import builtins
import json
import threading
import types
from collections.abc import Callable
from typing import Any

from executor.grading import plain_agent
from executor.grading.candidate_agent import DO, Channel, Kept
from executor.grading.checks_code import CHECK_FILE, parsed
from executor.grading.handing_out import handed_out, may_ask
from executor.grading.raised import STAND_IN, CandidateError, CandidateGone, Raised, came_over, describe, raises, words
from executor.grading.recording import Assertion, Instrument, Recorder, clip, show
from executor.grading.remote import DOC, Method, StandIns, Uncarried, is_named, is_stand_in, state
from executor.grading.wire import MUTABLE, VIEWS, Decoder, Encoder, WireError

MOST_KEPT = 200
"""Values that crossed whose later changes are looked for, of one check."""


class Judge:
    """Runs the checks of one task over a channel to the host."""

    def __init__(self, channel: Channel, request: dict[str, Any]) -> None:
        self._channel, self._request = channel, request
        self._recorder = Recorder()
        self._calls = 0
        self._lock = threading.RLock()
        self._classes = self._exception_classes()
        self._solution = StandIns(self._call, named={name: name for name in request["classes"]})
        self._raised = Raised(self._decode, self._classes)
        self._kept = Kept()
        self._methods: dict[Any, Any] = {}
        self._mine: list[BaseException] = []
        self._crossed: list[tuple[Any, str]] = []
        self._knows_objects = self._knows_views = False

    def grade(self) -> Any:
        """Run the setup and every check, report each, say that all is done; gives the order of a plain run, if any."""
        base = self._base()
        for index, check in enumerate(self._request["checks"]):
            self._recorder, self._crossed = Recorder(), []
            self._knows_objects = self._knows_views = False
            error, excuse = self._run(check["code"], dict(base))
            self._report(index, error, excuse)
        self._send({"op": "over"})
        told = json.loads(self._channel.receive() or b"{}")
        self._send({"op": "done", "nonce": told.get("nonce"), "calls": self._calls})  # which no check could come by
        return told.get("plainly")

    def _base(self) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "checks", "raises": raises}
        setup = compile(self._request["setup"], "<setup>", "exec", dont_inherit=True)
        exec(setup, namespace)  # noqa: S102  the task's own code
        for name in self._request["interface"]:
            namespace[name] = self._classes.get(name) or self._named(name)
        return namespace

    def _exception_classes(self) -> dict[str, type[BaseException]]:
        """Classes of this process that stand for the interface's exception classes, so that checks can catch them."""
        told, made = self._request["kinds"], dict[str, type[BaseException]]()

        def of(name: str, *below: str) -> type[BaseException]:
            if name not in made:
                bases = [str(each) for each in told[name]["bases"]]
                own = (each for each in bases if told.get(each, {}).get("bases") and each not in (name, *below))
                near = next(own, "")
                known = (getattr(builtins, each, None) for each in bases)
                fits = (each for each in known if isinstance(each, type) and issubclass(each, BaseException))
                parent = of(near, name, *below) if near else next(fits, Exception)
                made[name] = type(name, (parent,), dict(STAND_IN))
            return made[name]

        for name in told:
            if isinstance(told[name].get("bases"), list):
                of(name)
        return made

    def _named(self, name: str) -> Any:
        """What stands for a function or class of the interface, called by its name; another name's value."""
        told = self._request["kinds"][name]
        if "value" in told:
            return self._decode(told["value"])
        found = self._solution.resolve(told)
        kind = type(found)
        called = {
            "__slots__": (),
            "__doc__": DOC,
            "__call__": lambda _self, *args, **kwargs: self._call(name, None, args, kwargs),
        }
        made: Any = object.__new__(type(kind.__name__, (kind,), called))
        for part in ("form", "base", "call", "ahead", "taken"):
            object.__setattr__(made, f"_wire_{part}", state(found, part))
        self._solution.put(made)
        return made

    def _run(self, code: str, namespace: dict[str, Any]) -> tuple[str, str]:
        """What ended the check outside of an assertion, and why that says nothing of the solution."""
        namespace["__assertion__"] = lambda line, source: Assertion(self._recorder, line, source, self._excuse)
        try:
            tree = Instrument().visit(parsed(code, self._request["interface"][0]))
            exec(compile(ast.fix_missing_locations(tree), CHECK_FILE, "exec", dont_inherit=True), namespace)  # noqa: S102
        except BaseException as error:  # noqa: BLE001  a check may raise anything, SystemExit included
            return clip(f"{type(error).__name__}: {words(error)}"), self._excuse(error)
        return "", ""

    def _excuse(self, error: BaseException) -> str:
        """Why an exception says nothing of the solution: a second process cannot do what the check asks for."""
        if isinstance(error, Uncarried):
            return clip(words(error)) if error.excused else ""
        if isinstance(error, WireError):
            return clip(words(error))
        if came_over(error) and type(error) is not AssertionError:
            return ""
        if self._knows_objects and type(error) is not AssertionError:
            return clip(f"what a check does with an object of the solution: {words(error)}")
        if self._knows_views:
            return "a view of a dict shows what was in it when it crossed"
        return "a check changes what it was given or has given away" if self._has_changed() else ""

    def _has_changed(self) -> bool:
        """Whether the check itself changed a list or the like after it had crossed."""
        return any(self._form_of(value) != form for value, form in self._crossed)

    def _note_crossed(self, value: Any) -> None:
        if isinstance(value, MUTABLE) and not is_stand_in(value) and len(self._crossed) < MOST_KEPT:
            self._crossed.append((value, self._form_of(value)))

    def _form_of(self, value: Any) -> str:
        try:
            return json.dumps(self._encode(value))
        except (WireError, RecursionError):
            return ""

    def _report(self, index: int, error: str, excuse: str) -> None:
        recorder = self._recorder
        excuses = [*recorder.excuses, *([excuse] if error else [])]
        self._send(
            {
                "op": "check",
                "index": index,
                "passed": recorder.passed,
                "total": recorder.total,
                "failures": recorder.failures,
                "passes": recorder.passes,
                "last": recorder.last,
                "error": error,
                "excuse": excuses[0] if excuses and all(excuses) else "",
            }
        )

    def _call(self, name: str, number: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with self._lock:
            return self._asked(name, number, args, kwargs)

    def _asked(self, name: str, number: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._calls += 1
        if name not in DO:
            shown = ", ".join([*map(show, args), *(f"{key}={show(value)}" for key, value in kwargs.items())])
            self._recorder.last = {"call": clip(f"{name}({shown})"), "arguments": show(list(args)), "actual": ""}
        shared: dict[int, tuple[int, Any]] | None = {} if self._request["mutates"] else None
        form = self._form_at_exit if name == "__exit__" else self._form
        encoder = Encoder(form, drain=False, shared=shared, numbers=True)
        given = {
            "args": [encoder.encode(value) for value in args],
            "kwargs": {key: encoder.encode(value) for key, value in kwargs.items()},
        }
        if shared is None:
            for value in (*args, *kwargs.values()):
                self._note_crossed(value)
        self._send({"op": "call", "name": name, "object": number, **given})
        return self._result(self._reply(), name, dict(shared.values()) if shared else {})

    def _reply(self) -> dict[str, Any]:
        """The answer to a call; until it comes the solution may ask for what objects of the checks give."""
        while True:
            frame = self._channel.receive()
            if frame is None:
                raise CandidateGone("the host closed")
            reply: dict[str, Any] = json.loads(frame)
            if "back" not in reply:
                return reply
            self._send({"op": "returned", **self._given(reply["back"])})

    def _given(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What an object of the checks gives: only what is public of it, for the checks know what is expected."""
        try:
            args = tuple(self._decode(each) for each in asked["args"])
            kwargs = {key: self._decode(each) for key, each in asked["kwargs"].items()}
            name, owner = asked["name"], self._kept[asked["object"]]
            if not may_ask(owner, name, args):
                raise AttributeError(name)  # noqa: TRY301  told like any other
            done = DO.get(name)
            value = done(owner, *args, **kwargs) if done else getattr(owner, name)(*args, **kwargs)
            return {"value": self._encode(value)}
        except CandidateGone:
            raise
        except BaseException as error:  # noqa: BLE001  a function of the checks may raise anything
            self._mine.append(error)
            return {"error": {**describe(error, self._encode), "mine": len(self._mine) - 1}}

    def _result(self, reply: dict[str, Any], name: str, shared: dict[int, Any]) -> Any:
        last = self._recorder.last
        if "cpu_s" in reply and name not in DO:
            last["cpu_s"] = reply["cpu_s"]
        if reply.get("later"):
            told = {key: part for key, part in reply.items() if key != "later"}
            return _awaited(lambda: self._result(told, name, shared))
        if "error" in reply:
            last["traceback"] = clip(str(reply["error"].get("traceback", "")))
            if 0 <= reply["error"].get("mine", -1) < len(self._mine):  # the solution has let it pass
                raise self._mine[reply["error"]["mine"]]
            raise self._raised.exception(reply["error"])
        decoder = Decoder(self._object, shared=dict(shared))
        try:
            value = decoder.decode(reply["value"])
            for number, content in reply.get("shared", ()):
                write_back(shared[number], decoder.decode(content))
        except (WireError, RecursionError, KeyError, TypeError, ValueError) as error:
            raise CandidateError(f"the answer is no plain value: {error}") from None
        self._knows_objects = self._knows_objects or is_named(value)
        self._knows_views = self._knows_views or type(value) in VIEWS
        self._note_crossed(value)
        if name not in SILENT:
            last["actual"] = show(value)
        return value

    def _encode(self, value: Any) -> Any:
        return Encoder(self._form, drain=False).encode(value)

    def _decode(self, form: Any) -> Any:
        return Decoder(self._object).decode(form)

    def _object(self, form: Any) -> Any:
        if "j" in form:
            return self._kept[form["j"]]
        if "fn" in form:
            raise WireError("a solution names none of the checks' functions")
        return self._solution.resolve(form)

    def _form(self, value: Any) -> dict[str, Any]:
        """How an object crosses: the solution's by its number, a builtin function by its name, or one of ours."""
        if type(value) is Method:
            return {"o": state(value._wire_owner, "form")["o"], "of": "method", "me": value._wire_name}
        if is_stand_in(value):
            return {"o": state(value, "form")["o"], "of": "object"}
        name = getattr(value, "__name__", None)
        if type(name) is str and getattr(builtins, name, None) is value:
            return {"fn": name}
        return self._stays(handed_out(value))

    def _form_at_exit(self, value: Any) -> dict[str, Any]:
        """The same, but what ends a `with` crosses, too."""
        return self._stays(value) if isinstance(value, BaseException) else self._form(value)

    def _stays(self, value: Any) -> dict[str, Any]:
        if isinstance(value, types.MethodType):  # which Python makes anew each time
            value = self._methods.setdefault((id(value.__self__), value.__func__), value)
        form = self._kept.whole_form(value)
        return {"j": form.pop("o"), **form}

    def _send(self, message: dict[str, Any]) -> None:
        self._channel.send(json.dumps(message, separators=(",", ":")).encode())


SILENT = ("__take__", "__self__", "__setattr__", "__delattr__", "__equals_a_stranger__", "__enter__", "__exit__")


async def _awaited(result: Callable[[], Any]) -> Any:
    return result()


def write_back(mine: Any, now: Any) -> None:
    """Make the check's own list, dict, set or deque look as the solution left it."""
    if type(mine) is not type(now):
        raise WireError("a container of another kind came back")
    content = dict(now) if isinstance(mine, dict) else list(now)
    mine.clear()
    (mine.update if isinstance(mine, (dict, set)) else mine.extend)(content)


def main(channel: Channel) -> None:
    """Grade what the host's first frame asks for, then run it plainly if the host asks for that, too."""
    frame = channel.receive()
    if frame is None:
        return
    order = Judge(channel, json.loads(frame)).grade()
    if order:
        channel.send(json.dumps(plain_agent.run(order)).encode())
