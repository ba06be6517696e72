"""What the host passes on of a candidate's answers: only what an answer may hold, never more than a frame takes."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from executor.sandbox import MAX_FRAME
from utils.text import clip

SHOWN_CHARS = 4000
MAX_CALL_S = 100_000
_NONSENSE = "the answer is no plain data"


def frame_of(message: Mapping[str, Any]) -> bytes | None:
    """The message as a frame; None if it is too large or too deep for one."""
    try:
        frame = json.dumps(message).encode()
    except RecursionError:
        return None
    return frame if len(frame) <= MAX_FRAME else None


def frame_of_answer(reply: Mapping[str, Any]) -> bytes:
    """The answer as a frame for the judge; written anew it may be larger than it came."""
    return frame_of(reply) or json.dumps(refusal("the answer is too large")).encode()


def answer(frame: bytes, *, to: Literal["load", "call"], mutates: bool) -> dict[str, Any]:
    """A candidate's frame, if it answers what was asked; a hostile one becomes an error of the candidate.

    Only what an answer may hold is passed on: above all no changed arguments where the task says that none change,
    for the judge would copy them into the values that it compares with.
    """
    try:
        reply = json.loads(frame, parse_constant=_no_constant)
        told = _answer(reply, to, mutates=mutates)
    except (ValueError, RecursionError):
        return refusal(_NONSENSE)
    if to == "call" and (seconds := _seconds(reply)) is not None:
        told["cpu_s"] = seconds
    return told


def _seconds(reply: Any) -> float | None:  # noqa: ANN401  any JSON
    """What the candidate says that a call took; nothing that cannot be a time of one grading."""
    seconds = reply.get("cpu_s") if isinstance(reply, dict) else None
    return round(seconds, 6) if type(seconds) is float and 0 <= seconds < MAX_CALL_S else None


def _answer(reply: Any, to: Literal["load", "call"], *, mutates: bool) -> dict[str, Any]:  # noqa: ANN401  any JSON
    match reply:
        case {"error": dict(error)}:
            return {"error": _plain_error(error)}
        case {"missing": list(missing)} if to == "load":
            return {"missing": [str(name)[:100] for name in missing[:100]]}
        case {"value": value, "args": list(args)} if mutates and to == "call":
            return {"value": value, "args": args}
        case {"value": value} if to == "call":
            return {"value": value}
    return refusal(_NONSENSE)


def _plain_error(error: Mapping[str, Any]) -> dict[str, Any]:
    classes = error.get("classes")
    names = [str(name)[:100] for name in classes[:20]] if isinstance(classes, list) else []
    return {
        "classes": names,
        "message": clip(str(error.get("message", "")), SHOWN_CHARS),
        "traceback": clip(str(error.get("traceback", "")), SHOWN_CHARS),
        "unplain": bool(error.get("unplain")),
    }


def _no_constant(name: str) -> float:
    raise ValueError(name)


def refusal(message: str) -> dict[str, Any]:
    """An answer that is none: the solution raised nothing, but what it gave cannot be compared."""
    return {"error": {"classes": [], "message": message, "traceback": "", "unplain": True}}


def gone(message: str) -> dict[str, Any]:
    """The answer of a candidate that will give no other."""
    return {"error": {"classes": [], "message": message, "traceback": "", "gone": True}}
