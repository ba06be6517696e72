"""Runs inside the judge's sandbox: the checks, with a proxy for each name of the solution's interface.

Standard library only, Python 3.9 and later. The solution is not in this process; a call to a proxy travels to the
host and from there to the candidate. Each `assert` of a check is recorded by itself, and the checks go on after one
that fails, so that the Builder sees more than the first failure.
"""

from __future__ import annotations

import ast
import json
import reprlib
import types
from typing import Any

from executor.grading.candidate_agent import Channel, words
from executor.grading.remote import CandidateError, CandidateGone, RemoteObject, as_exception, copy_back, raises
from executor.grading.wire import Decoder, Encoder, WireError

MAX_FAILURES = 20
MAX_PASSES = 20
MAX_TEXT = 2000
CHECK_FILE = "<check>"
MAX_SHOWN_BITS = 2000


class Recorder:
    """What the assertions of the running check saw."""

    def __init__(self) -> None:
        self.failures: list[dict[str, Any]] = []
        self.passes: list[dict[str, Any]] = []
        self.passed = 0
        self.total = 0
        self.last: dict[str, Any] = {}

    def start(self) -> None:
        """Forget the calls of the assertion before."""
        self.last = {}
        self.total += 1

    def hold(self, line: int, source: str, expected: str) -> None:
        """Count an assertion that held; the first ones are noted like those that fail."""
        self.passed += 1
        if len(self.passes) < MAX_PASSES:
            self.passes.append({"line": line, "source": clip(source), "expected": expected, **self.last})

    def fail(self, line: int, source: str, expected: str, error: BaseException | None) -> None:
        """Note a failed assertion with what the solution was asked and answered."""
        if len(self.failures) < MAX_FAILURES:
            note = "" if error is None or type(error) is AssertionError else f"{type(error).__name__}: {words(error)}"
            failure = {"line": line, "source": clip(source), "expected": expected, "error": clip(note), **self.last}
            self.failures.append(failure)


class Assertion:
    """Context of one assertion: a failure inside is recorded and does not end the check."""

    def __init__(self, recorder: Recorder, line: int, source: str) -> None:
        self._recorder, self._line, self._source = recorder, line, source
        self._expected = ""

    def __enter__(self) -> Assertion:
        self._recorder.start()
        return self

    def expect(self, expected: Any) -> Any:
        """The value unchanged; remembered as what the assertion wanted."""
        self._expected = show(expected)
        return expected

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        if kind is None:
            self._recorder.hold(self._line, self._source, self._expected)
            return False
        if not issubclass(kind, Exception):
            return False
        self._recorder.fail(self._line, self._source, self._expected, error)
        return not isinstance(error, CandidateGone)


class Instrument(ast.NodeTransformer):
    """Wraps each assert into `with __assertion__(line, source) as __a:` and marks the wanted side of a comparison."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """The wrapped assert."""
        source = ast.unparse(node.test)
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            if calls(test.comparators[0]) and not calls(test.left):
                test.left = marked(test.left)
            else:
                test.comparators = [marked(test.comparators[0])]
        context = ast.Call(
            func=ast.Name(id="__assertion__", ctx=ast.Load()),
            args=[ast.Constant(node.lineno), ast.Constant(source)],
            keywords=[],
        )
        item = ast.withitem(context_expr=context, optional_vars=ast.Name(id="__a", ctx=ast.Store()))
        return ast.copy_location(ast.With(items=[item], body=[node]), node)


def calls(node: ast.expr) -> bool:
    """Whether evaluating it calls anything: then it is rather the side that is tested."""
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def marked(node: ast.expr) -> ast.expr:
    """`__a.expect(node)`."""
    expect = ast.Attribute(value=ast.Name(id="__a", ctx=ast.Load()), attr="expect", ctx=ast.Load())
    return ast.Call(func=expect, args=[node], keywords=[])


class Judge:
    """Runs the checks of one task over a channel to the host."""

    def __init__(self, channel: Channel, request: dict[str, Any]) -> None:
        self._channel, self._request = channel, request
        self._recorder = Recorder()
        self._calls = 0

    def grade(self) -> None:
        """Run the setup and every check; report each, then say that all is done."""
        base = self._base()
        for index, check in enumerate(self._request["checks"]):
            self._recorder = Recorder()
            error = self._run(check["code"], dict(base))
            self._report(index, error)
        self._send({"op": "done", "nonce": self._request["nonce"], "calls": self._calls})

    def _base(self) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "checks", "raises": raises}
        exec(compile(self._request["setup"], "<setup>", "exec"), namespace)  # noqa: S102  the task's own code
        for name in self._request["interface"]:
            namespace[name] = self.proxy(name)
        return namespace

    def _run(self, code: str, namespace: dict[str, Any]) -> str:
        namespace["__assertion__"] = lambda line, source: Assertion(self._recorder, line, source)
        try:
            tree = ast.fix_missing_locations(Instrument().visit(ast.parse(code)))
            exec(compile(tree, CHECK_FILE, "exec"), namespace)  # noqa: S102  the task's own code
        except BaseException as error:  # noqa: BLE001  a check may raise anything, SystemExit included
            return clip(f"{type(error).__name__}: {words(error)}")
        return ""

    def _report(self, index: int, error: str) -> None:
        recorder = self._recorder
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
            }
        )

    def proxy(self, name: str) -> Any:
        """A function that calls the solution's `name`."""

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, None, args, kwargs)

        call.__name__ = name
        return call

    def _call(self, name: str, number: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._calls += 1
        shown = ", ".join([*map(show, args), *(f"{key}={show(value)}" for key, value in kwargs.items())])
        self._recorder.last = {"call": clip(f"{name}({shown})"), "arguments": show(list(args)), "actual": ""}
        sent = {
            "op": "call",
            "name": name,
            "object": number,
            "args": [Encoder().encode(value) for value in args],
            "kwargs": {key: Encoder().encode(value) for key, value in kwargs.items()},
        }
        self._send(sent)
        frame = self._channel.receive()
        if frame is None:
            raise CandidateGone("the host closed")
        return self._result(json.loads(frame), args)

    def _result(self, reply: dict[str, Any], args: tuple[Any, ...]) -> Any:
        if "cpu_s" in reply:
            self._recorder.last["cpu_s"] = reply["cpu_s"]
        if "error" in reply:
            self._recorder.last["traceback"] = clip(str(reply["error"].get("traceback", "")))
            raise as_exception(reply["error"])
        decoder = Decoder(lambda number, name: RemoteObject(number, name, self._call))
        try:
            value = decoder.decode(reply["value"])
            if "args" in reply:
                copy_back(args, [decoder.decode(item) for item in reply["args"]])
        except (WireError, RecursionError) as error:
            raise CandidateError(f"the answer is no plain value: {error}") from None
        self._recorder.last["actual"] = show(value)
        return value

    def _send(self, message: dict[str, Any]) -> None:
        self._channel.send(json.dumps(message).encode())


def _number(value: int) -> str:
    bits = value.bit_length()
    return str(value) if bits <= MAX_SHOWN_BITS else f"<{'-' if value < 0 else ''}int of {bits} bits>"


class _Short(reprlib.Repr):
    """Python's own shortened literals, for values of any size, the same in each run."""

    def repr_int(self, x: int, level: int) -> str:
        """Large integers in base 16: in base 10 they take long, and Python refuses those of over 4300 digits."""
        if x.bit_length() <= MAX_SHOWN_BITS:
            return super().repr_int(x, level)
        text = hex(x)
        return f"{text[: self.maxlong // 2]}...{text[-self.maxlong // 2 :]}"

    def repr_range(self, x: range, _level: int) -> str:
        """A range without its address, which Python's own way shows where it refuses to print the numbers."""
        parts = (x.start, x.stop) if x.step == 1 else (x.start, x.stop, x.step)
        return f"range({', '.join(map(_number, parts))})"

    def repr_instance(self, x: Any, level: int) -> str:
        """An iterator without its address, which differs from run to run."""
        return f"<{type(x).__name__}>" if hasattr(type(x), "__next__") else super().repr_instance(x, level)


_short = _Short()
_short.maxlevel, _short.maxlist, _short.maxtuple, _short.maxset, _short.maxfrozenset = 8, 60, 60, 60, 60
_short.maxdict, _short.maxdeque, _short.maxstring, _short.maxlong, _short.maxother = 60, 60, 600, 200, 200


def show(value: object) -> str:
    """The value's literal, shortened in the middle."""
    if isinstance(value, types.FunctionType):
        return value.__name__
    return clip(_short.repr(value))


def clip(text: str) -> str:
    """At most MAX_TEXT characters that UTF-8 can hold, the gap named."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 40]} [... {len(text) - MAX_TEXT + 40} more]"


def main(channel: Channel) -> None:
    """Grade what the host's first frame asks for."""
    frame = channel.receive()
    if frame is not None:
        Judge(channel, json.loads(frame)).grade()
