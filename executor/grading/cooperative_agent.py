"""Runs inside the candidate's sandbox: the solution and a module of tests in one process, for class-heavy suites only.

Standard library only, Python 3.9 and later. The solution can change all of this, the results included: what is
reported here is no evidence. The source needs nothing else of this project; the host appends the call of `main`.
"""

from __future__ import annotations

import functools
import json
import linecache
import os
import sys
import time
import traceback
import types
import unittest
from collections.abc import Callable, Iterator
from typing import Any

MAX_TEXT = 2000


class Results(unittest.TestResult):
    """What became of each test of a TestCase, by the id `Class.method`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, Any]] = {}
        self._began = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        """Begin a test that counts as failed until it is over."""
        super().startTest(test)
        self._began = time.process_time()
        self.found[short_id(test)] = {"passed": True, "error": "", "cpu_s": 0.0}

    def stopTest(self, test: unittest.TestCase) -> None:
        """Note what it took."""
        super().stopTest(test)
        self.found[short_id(test)]["cpu_s"] = time.process_time() - self._began

    def _fail(self, test: Any, error: str) -> None:
        entry = self.found.get(short_id(getattr(test, "test_case", test)))
        if entry is not None:
            entry.update(passed=False, error=error[-MAX_TEXT:])

    def addError(self, test: Any, err: Any) -> None:
        """Count an exception."""
        self._fail(test, "".join(traceback.format_exception(*err)))

    def addFailure(self, test: Any, err: Any) -> None:
        """Count a failed assertion."""
        self._fail(test, "".join(traceback.format_exception(*err)))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        """Count a part of a test that failed."""
        if err is not None:
            self._fail(test, f"{subtest}: " + "".join(traceback.format_exception(*err)))

    def addSkip(self, test: Any, reason: str) -> None:
        """Count a test that was not run as one that failed."""
        self._fail(test, f"skipped: {reason}")

    def addUnexpectedSuccess(self, test: Any) -> None:
        """Count a test that should fail and did not."""
        self._fail(test, "succeeded although it is expected to fail")


def short_id(test: Any) -> str:
    """`Class.method`."""
    return f"{type(test).__name__}.{getattr(test, '_testMethodName', '')}"


def module(name: str, source: str) -> types.ModuleType:
    """The source run as a module that others can import."""
    made = types.ModuleType(name)
    made.__dict__["__file__"] = os.path.abspath(f"{name}.py")  # noqa: PTH100
    sys.modules[name] = made
    linecache.cache[f"{name}.py"] = (len(source), None, source.splitlines(keepends=True), f"{name}.py")
    exec(compile(source, f"{name}.py", "exec", dont_inherit=True), made.__dict__)  # noqa: S102  it is what the sandbox is for
    return made


def functions(tests: types.ModuleType) -> Iterator[tuple[str, Callable[[], object]]]:
    """Test functions, and the test methods of classes that are no TestCase, each on an object of its own."""
    for name, value in list(vars(tests).items()):
        if isinstance(value, types.FunctionType) and name.startswith("test"):
            yield name, value
        elif plain_class(value, tests):
            for method in [each for each in vars(value) if each.startswith("test")]:
                yield f"{name}.{method}", functools.partial(on_new_object, value, method)


def on_new_object(made: type, method: str) -> None:
    """Call a method of a new object of the class."""
    getattr(made(), method)()


def plain_class(value: object, tests: types.ModuleType) -> bool:
    """Whether it is a class of the test module that is no TestCase."""
    return isinstance(value, type) and value.__module__ == tests.__name__ and not issubclass(value, unittest.TestCase)


def run(tests: types.ModuleType) -> dict[str, dict[str, Any]]:
    """What became of each test, by its id."""
    results = Results()
    for value in list(vars(tests).values()):
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and value.__module__ == tests.__name__:
            unittest.defaultTestLoader.loadTestsFromTestCase(value).run(results)
    for name, function in functions(tests):
        began, error = time.process_time(), ""
        try:
            function()
        except BaseException:  # noqa: BLE001  a test may raise anything
            error = traceback.format_exc()[-MAX_TEXT:]
        results.found[name] = {"passed": not error, "error": error, "cpu_s": time.process_time() - began}
    return results.found


def main(channel: Any) -> None:
    """Answer the host's one question."""
    request = json.loads(channel.receive())
    reply: dict[str, Any] = {"nonce": request["nonce"], "error": "", "results": {}}
    try:
        solution = module("solution", request["source"])
        missing = [name for name in request["names"] if not hasattr(solution, name)]
        if missing:
            reply["error"] = f"the solution does not define {', '.join(missing)}"
        else:
            reply["results"] = run(module("tests", request["tests"]))
    except BaseException:  # noqa: BLE001  a solution may raise anything, SystemExit included
        reply["error"] = traceback.format_exc()[-MAX_TEXT:]
    channel.send(json.dumps(reply).encode())
