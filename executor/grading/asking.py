"""The host's line to a program that answers calls: a candidate, or a task's reference."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from executor.grading.answers import answer, frame_of, gone, refusal
from executor.grading.compare import flattened
from executor.grading.transcript import Transcript
from executor.grading.wire import WireError
from executor.sandbox import MAX_FRAME, Conversation, ConversationCancelled, ConversationEnded
from utils.errors import Interrupted

MAX_CALLS = 100_000
Back = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Asks an object of the checks."""


class Asking:
    """Calls of one program, and what is known of it."""

    def __init__(self, program: Conversation, *, mutates: bool) -> None:
        """`mutates`: whether answers may bring changed arguments."""
        self._program, self._mutates = program, mutates
        self.transcript = Transcript()
        self.calls = 0
        self.gone = False
        """Whether the program ended before it was asked to."""
        self.kinds: dict[str, Any] = {}
        """What the program says of each name of the interface, once it is loaded."""

    def load(self, source: str, names: Sequence[str]) -> str:
        """Have the program load its code; why that failed, empty if it did not.

        Raises:
            Interrupted: the sandbox was closed meanwhile.
        """
        reply = self._ask({"op": "load", "source": source, "interface": list(names)}, to="load")
        if "error" in reply:
            failure = reply["error"]
            return str(failure.get("traceback") or failure.get("message") or "it could not be loaded")
        missing, told = reply.get("missing"), reply.get("kinds", {})
        self.kinds = {name: told[name] for name in names if name in told}
        if missing is None or not (missing or self.kinds.keys() >= set(names)):
            return "the solution's process answered nonsense when it was loaded"
        return f"the solution does not define {', '.join(map(str, missing))}" if missing else ""

    def call(self, request: Mapping[str, Any], back: Back | None = None) -> dict[str, Any]:
        """The answer to one call: name, object, args and kwargs in the wire's form.

        While it is called, the program may ask for what an object of the checks gives, which `back` tells.

        Raises:
            Interrupted: the sandbox was closed meanwhile.
        """
        self.calls += 1
        if self.calls > MAX_CALLS:
            return gone("too many calls")
        reply = self._ask({**request, "op": "call", "mutates": self._mutates}, to="call")
        while "back" in reply:
            self.calls += 1
            asked = back(reply["back"]) if back and self.calls <= MAX_CALLS else refusal("nobody can be asked")
            reply = self._ask(asked, to="call")
        if back is None:
            reply = _for_the_host(reply)
        self.transcript.add(request, reply)
        return reply

    @property
    def too_many(self) -> str:
        """That there were too many calls, in words; empty if there were not."""
        return f"the checks made more than {MAX_CALLS} calls" if self.calls > MAX_CALLS else ""

    def _ask(self, request: dict[str, Any], to: Literal["load", "call"]) -> dict[str, Any]:
        """The program's answer; whatever is wrong with it becomes an error answer."""
        frame = frame_of(request)
        if frame is None:
            return refusal(f"more than {MAX_FRAME} bytes cannot be handed to the solution")
        if self.gone:
            return gone("the solution's process has ended")
        try:
            self._program.send(frame)
            return answer(self._program.receive(), to=to, mutates=self._mutates)
        except ConversationCancelled:
            raise Interrupted("the sandbox was closed during a grading") from None
        except ConversationEnded:
            self.gone = True
            return gone("the solution's process ended")


def _for_the_host(reply: dict[str, Any]) -> dict[str, Any]:
    """The answer as the host compares it: plain data, or none."""
    if reply.get("later"):
        return refusal("the result cannot be compared: a coroutine")
    try:
        return {**reply, **{part: flattened(reply[part]) for part in ("value", "args") if part in reply}}
    except WireError as error:
        return refusal(str(error))
