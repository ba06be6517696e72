"""What crossed between the checks and a candidate, kept within bounds."""

from collections.abc import Mapping
from typing import Any

from executor.grading.showing import shown
from memory.attempts import Crossing
from utils.text import well_formed

MAX_CROSSINGS = 200
MAX_CHARS = 16_000
TEXT_CHARS = 200
ENTRY_CHARS = 50
"""About what an entry takes beside its texts."""


class Transcript:
    """The first calls and their answers."""

    def __init__(self) -> None:
        """Nothing has crossed."""
        self._kept: list[Crossing] = []
        self._chars = 0

    @property
    def kept(self) -> tuple[Crossing, ...]:
        """The entries, in their order."""
        return tuple(self._kept)

    def add(self, request: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        """Keep one call if there is room."""
        if len(self._kept) >= MAX_CROSSINGS or self._chars >= MAX_CHARS:
            return
        call, told = call_text(request, limit=TEXT_CHARS), _answer_text(reply)
        self._chars += len(call) + len(told) + ENTRY_CHARS
        if self._chars <= MAX_CHARS:
            self._kept.append(Crossing(call=call, answer=told, cpu_s=reply.get("cpu_s")))


def call_text(request: Mapping[str, Any], *, limit: int) -> str:
    """The call as Python would write it; a method stands behind its object's number."""
    words = [f"{name}={shown(value, limit)}" for name, value in request["kwargs"].items()]
    arguments = ", ".join([*(shown(value, limit) for value in request["args"]), *words])
    on = "" if request["object"] is None else f"object{request['object']}."
    return well_formed(f"{on}{request['name']}({arguments})")[:limit]


def error_text(error: Mapping[str, Any]) -> str:
    """What was raised, as Python would say it."""
    kind = next(iter(error.get("classes") or ()), "")
    message = str(error.get("message", ""))
    return well_formed(f"{kind}: {message}" if kind else message)


def _answer_text(reply: Mapping[str, Any]) -> str:
    if "error" in reply:
        return error_text(reply["error"])[:TEXT_CHARS]
    return well_formed(shown(reply.get("value"), TEXT_CHARS))
