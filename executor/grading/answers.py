"""What the host passes on of a candidate's answers: only what an answer may hold, never more than a frame takes."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from executor.sandbox import MAX_FRAME
from utils.text import clip

SHOWN_CHARS = 4000
NAME_CHARS = 100
MOST_CAUSES = 5
MAX_CALL_S = 100_000
_NONSENSE = "the answer is no plain data"


def frame_of(message: Mapping[str, Any]) -> bytes | None:
    """The message as a frame; None if it is too large or too deep for one."""
    try:
        frame = json.dumps(message, separators=(",", ":")).encode()
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
            return {"error": _plain_error(error), **_later(reply)}
        case {"missing": list(missing), "kinds": dict(kinds)} if to == "load":
            return {"missing": [str(name)[:NAME_CHARS] for name in missing[:100]], "kinds": _kinds(kinds)}
        case dict() if to == "call":
            return _answer_of_call(reply, mutates=mutates)
    return refusal(_NONSENSE)


def _answer_of_call(reply: dict[str, Any], *, mutates: bool) -> dict[str, Any]:
    match reply:
        case {"back": {"name": str(name), "object": int(number), "args": list(args), "kwargs": dict(words)}}:
            return {"back": {"name": name[:NAME_CHARS], "object": number, "args": args, "kwargs": words}}
        case {"value": value, "shared": list(shared)} if mutates:
            return {"value": value, "shared": shared, **_later(reply)}
        case {"value": value, "args": list(args)} if mutates:
            return {"value": value, "args": args, **_later(reply)}
        case {"value": value}:
            return {"value": value, **_later(reply)}
    return refusal(_NONSENSE)


def _later(reply: Mapping[str, Any]) -> dict[str, Any]:
    return {"later": True} if reply.get("later") is True else {}


def _kinds(kinds: Mapping[str, Any]) -> dict[str, Any]:
    """What the judge is told of each name of the interface, see wire's form of an object."""
    return {name[:NAME_CHARS]: _form(form) for name, form in list(kinds.items())[:100] if isinstance(form, dict)}


def _form(form: Mapping[str, Any]) -> dict[str, Any]:
    if "value" in form:
        return {"value": form["value"]}
    number, classes = form.get("o"), form.get("c")
    told: dict[str, Any] = {
        "o": number if type(number) is int else -1,
        "c": classes if type(classes) is int else -1,
        **{name: str(form[name])[:NAME_CHARS] for name in ("m", "n") if name in form},
    }
    if str(form.get("of", "")).isidentifier():  # the judge names a class so
        told["of"] = str(form["of"])[:NAME_CHARS]
    lists = {name: form[name] for name in ("d", "bases") if isinstance(form.get(name), list)}
    return {
        "of": "object",
        **told,
        **{name: [str(each)[:NAME_CHARS] for each in found[:200]] for name, found in lists.items()},
    }


def _plain_error(error: Mapping[str, Any], deep: int = 0) -> dict[str, Any]:
    classes, args, attributes = error.get("classes"), error.get("args"), error.get("attributes")
    told: dict[str, Any] = {
        "classes": [str(name)[:NAME_CHARS] for name in classes[:20]] if isinstance(classes, list) else [],
        "message": clip(str(error.get("message", "")), SHOWN_CHARS),
        "traceback": clip(str(error.get("traceback", "")), SHOWN_CHARS),
        "unplain": bool(error.get("unplain")),
        "hides": error.get("hides") is True,
    }
    told |= {"mine": error["mine"]} if type(error.get("mine")) is int else {}
    told |= {"args": args} if isinstance(args, list) and args else {}
    told |= {"attributes": attributes} if isinstance(attributes, dict) and attributes else {}
    if deep < MOST_CAUSES and isinstance(error.get("cause"), dict):
        told["cause"] = _plain_error(error["cause"], deep + 1)
    if deep < MOST_CAUSES and isinstance(error.get("group"), list):
        told["group"] = [_plain_error(each, deep + 1) for each in error["group"][:20] if isinstance(each, dict)]
    return told


def _no_constant(name: str) -> float:
    raise ValueError(name)


def refusal(message: str) -> dict[str, Any]:
    """An answer that is none: the solution raised nothing, but what it gave cannot be compared."""
    return {"error": {"classes": [], "message": message, "traceback": "", "unplain": True}}


def gone(message: str) -> dict[str, Any]:
    """The answer of a candidate that will give no other."""
    return {"error": {"classes": [], "message": message, "traceback": "", "gone": True}}
