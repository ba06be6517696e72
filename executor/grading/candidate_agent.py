"""Runs inside the candidate's sandbox: loads the solution, answers calls with plain data.

Standard library only, Python 3.9 and later. Nothing here is trusted by the host: the solution shares this process and
can change all of it. The worst that it can do is to answer calls wrongly.
"""

from __future__ import annotations

import builtins
import json
import linecache
import sys
import time
import traceback
import types
from typing import Any, Protocol

from executor.grading.wire import Decoder, Encoder, WireError

MODULE, FILE = "solution", "solution.py"
MAX_TEXT = 4000


class Channel(Protocol):
    """What the sandbox gives a program to speak with its host."""

    def receive(self) -> bytes | None:
        """The host's next frame; None once it has closed."""
        ...

    def send(self, frame: bytes) -> None:
        """Hand a frame to the host."""
        ...


class Candidate:
    """The loaded solution and the objects of it that the judge holds handles of."""

    def __init__(self) -> None:
        self._module = types.ModuleType(MODULE)
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request, a call's with its CPU time; whatever the solution raises becomes data."""
        before = time.process_time()
        try:
            if request["op"] == "load":
                return self._load(request)
            reply = self._call(request)
        except BaseException as error:  # noqa: BLE001  a solution may raise anything, SystemExit included
            reply = {"error": describe(error)}
        return {**reply, "cpu_s": time.process_time() - before}

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        source = request["source"]
        linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
        sys.modules[MODULE] = self._module
        exec(compile(source, FILE, "exec"), self._module.__dict__)  # noqa: S102  it is what the sandbox is for
        return {"missing": [name for name in request["interface"] if not callable(getattr(self._module, name, None))]}

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        decoder = Decoder(lambda number, _name: self._objects[number])
        arguments = [decoder.decode(item) for item in request["args"]]
        keywords = {name: decoder.decode(item) for name, item in request["kwargs"].items()}
        value = self._target(request)(*arguments, **keywords)
        reply: dict[str, Any] = {"value": Encoder(self._keep).encode(value)}
        if request["mutates"]:
            reply["args"] = [Encoder(self._keep).encode(item) for item in arguments]
        return reply

    def _target(self, request: dict[str, Any]) -> Any:
        if request["object"] is None:
            return getattr(self._module, request["name"])
        return getattr(self._objects[request["object"]], request["name"])

    def _keep(self, value: object) -> int:
        """The object's number; it is kept alive, so its id stays its own."""
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return self._numbers[id(value)]


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as data: the names of its classes, nearest first, its message, the solution's part of the trace."""
    if isinstance(error, WireError):
        message = f"the result cannot be compared: {error}"
        return {"classes": [], "message": message, "traceback": "", "unplain": True}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    lines = traceback.format_list(frames[-8:]) + traceback.format_exception_only(type(error), error)
    return {
        "classes": [_name(kind) for kind in type(error).__mro__][:20],
        "message": message_of(error)[:MAX_TEXT],
        "traceback": "".join(lines)[-MAX_TEXT:],
    }


def _name(kind: type) -> str:
    """The class's name; one that the solution named like a builtin class is told apart from it."""
    return kind.__name__ if getattr(builtins, kind.__name__, kind) is kind else f"{MODULE}.{kind.__name__}"


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


def main(channel: Channel) -> None:
    """Answer requests until the host closes the channel."""
    candidate = Candidate()
    while (frame := channel.receive()) is not None:
        reply = json.dumps(candidate.answer(json.loads(frame))).encode()
        try:
            channel.send(reply)
        except ValueError:  # the channel takes frames up to a size only
            channel.send(json.dumps({"error": describe(WireError(f"it takes {len(reply)} bytes"))}).encode())
