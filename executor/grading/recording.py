"""What the assertions of a check saw: each by itself, so that a check goes on after one that fails. Part of the judge.

Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import ast
import reprlib
import types
from collections.abc import Callable
from typing import Any

from executor.grading.raised import CandidateGone, came_over, words
from executor.grading.remote import is_stand_in

MAX_FAILURES = 20
MAX_PASSES = 20
MAX_TEXT = 2000
MAX_SHOWN_BITS = 2000


class Recorder:
    """What the assertions of the running check saw."""

    def __init__(self) -> None:
        self.failures: list[dict[str, Any]] = []
        self.passes: list[dict[str, Any]] = []
        self.passed = 0
        self.total = 0
        self.last: dict[str, Any] = {}
        self.excuses: list[str] = []
        """For each failed assertion why that says nothing of the solution; empty where it does."""

    def start(self) -> None:
        """Forget the calls of the assertion before."""
        self.last = {}
        self.total += 1

    def hold(self, line: int, source: str, expected: str) -> None:
        """Count an assertion that held; the first ones are noted like those that fail."""
        self.passed += 1
        if len(self.passes) < MAX_PASSES:
            self.passes.append({"line": line, "source": clip(source), "expected": expected, **self.last})

    def fail(self, line: int, source: str, expected: str, error: BaseException | None, *, excuse: str) -> None:
        """Note a failed assertion with what the solution was asked and answered."""
        self.excuses.append(excuse)
        if len(self.failures) < MAX_FAILURES:
            own = type(error) is AssertionError and not came_over(error)
            note = "" if error is None or own else f"{type(error).__name__}: {words(error)}"
            failure = {"line": line, "source": clip(source), "expected": expected, "error": clip(note), **self.last}
            self.failures.append(failure)


class Assertion:
    """Context of one assertion: a failure inside is recorded and does not end the check."""

    def __init__(self, recorder: Recorder, line: int, source: str, excuse: Callable[[BaseException], str]) -> None:
        """`excuse` tells of an exception why it says nothing of the solution."""
        self._recorder, self._line, self._source, self._excuse = recorder, line, source, excuse
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
        said = "" if error is None else self._excuse(error)
        self._recorder.fail(self._line, self._source, self._expected, error, excuse=said)
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
        return _recorded(node, source)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """As it is, unless it is one assertion with alternatives."""
        return _recorded(node, ast.unparse(node)) if _has_alternatives(node) else self.generic_visit(node)


def _recorded(node: ast.stmt, source: str) -> ast.AST:
    """The statement as one assertion."""
    context = ast.Call(
        func=ast.Name(id="__assertion__", ctx=ast.Load()),
        args=[ast.Constant(node.lineno), ast.Constant(source)],
        keywords=[],
    )
    item = ast.withitem(context_expr=context, optional_vars=ast.Name(id="__a", ctx=ast.Store()))
    return ast.copy_location(ast.With(items=[item], body=[node]), node)


def _has_alternatives(node: ast.Try) -> bool:
    """Whether an assert in it may fail, because another one is asked then."""
    tried = any(isinstance(part, ast.Assert) for stmt in node.body for part in ast.walk(stmt))
    return tried and any(
        _catches_assertions(handler.type)
        and any(isinstance(part, (ast.Assert, ast.Raise)) for stmt in handler.body for part in ast.walk(stmt))
        for handler in node.handlers
    )


def _catches_assertions(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    names = {part.id for part in ast.walk(kind) if isinstance(part, ast.Name)}
    return bool(names & {"AssertionError", "Exception", "BaseException"})


def calls(node: ast.expr) -> bool:
    """Whether evaluating it calls anything: then it is rather the side that is tested."""
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def marked(node: ast.expr) -> ast.expr:
    """`__a.expect(node)`."""
    expect = ast.Attribute(value=ast.Name(id="__a", ctx=ast.Load()), attr="expect", ctx=ast.Load())
    return ast.Call(func=expect, args=[node], keywords=[])


def _number(value: int) -> str:
    bits = value.bit_length()
    return str(value) if bits <= MAX_SHOWN_BITS else f"<{'-' if value < 0 else ''}int of {bits} bits>"


class _Short(reprlib.Repr):
    """Python's own shortened literals, for values of any size, the same in each run."""

    def repr1(self, x: Any, level: int) -> str:
        """An object of the solution is not asked what it is."""
        return f"<{type(x).__name__} object>" if is_stand_in(x) else super().repr1(x, level)

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
    if isinstance(value, types.FunctionType) and not is_stand_in(value):
        return value.__name__
    return clip(_short.repr(value))


def clip(text: str) -> str:
    """At most MAX_TEXT characters that UTF-8 can hold, the gap named."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 40]} [... {len(text) - MAX_TEXT + 40} more]"
