"""The OpenAI-compatible wire format: requests read and checked, answers written."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from utils.completions import Completion, Message, Reply, Role
from utils.rehearsal.model import NAME

PIECE_CHARS = 40
MAX_MESSAGES = 1000
MAX_REPLY_TOKENS = 1_000_000

Format = Literal["text", "json_object", "json_schema"]
_ROLES: Mapping[str, Role] = {**{role: role for role in get_args(Role)}, "developer": "system"}


class BadRequestError(ValueError):
    """A request that is refused with HTTP 400; the message says which field is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A request as it came: what is asked, and how the answer is to be sent."""

    completion: Completion
    stream: bool = False
    include_usage: bool = False


def read_request(body: bytes) -> ChatRequest:
    """The request in a body; fields that are not known are left aside, as servers do.

    Raises:
        BadRequestError: it is no JSON object, or a field is missing or wrong.
    """
    fields = _json_object(body)
    _only_one_answer(fields)
    completion = Completion(
        messages=_messages(fields.get("messages")),
        temperature=_number(fields, "temperature", default=1.0, low=0, high=2),
        top_p=_number(fields, "top_p", default=1.0, low=0, high=1),
        max_tokens=_max_tokens(fields),
        seed=_whole(fields, "seed", low=-(2**63), high=2**63 - 1),
        json_schema=_schema(fields.get("response_format")),
    )
    options = _mapping(fields, "stream_options")
    return ChatRequest(
        completion=completion, stream=_flag(fields, "stream"), include_usage=_flag(options, "include_usage")
    )


def whole_answer(reply: Reply, *, answer_id: str) -> dict[str, Any]:
    """The body of an answer that is sent as one."""
    message = {"role": "assistant", "content": reply.text}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}
    return {**_head(answer_id, "chat.completion"), "choices": [choice], "usage": _usage(reply)}


def streamed_answer(reply: Reply, *, answer_id: str, include_usage: bool) -> Iterator[bytes]:
    """The server-sent events of an answer, the closing [DONE] included."""
    head = _head(answer_id, "chat.completion.chunk")
    pieces = [reply.text[at : at + PIECE_CHARS] for at in range(0, len(reply.text), PIECE_CHARS)]
    yield _event({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
    for piece in pieces:
        yield _event({**head, "choices": [_delta({"content": piece})]})
    yield _event({**head, "choices": [_delta({}, reply.finish)]})
    if include_usage:
        yield _event({**head, "choices": [], "usage": _usage(reply)})
    yield b"data: [DONE]\n\n"


def error_body(message: str, *, kind: str) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def model_list() -> dict[str, Any]:
    """The answer to GET /v1/models."""
    return {"object": "list", "data": [{"id": NAME, "object": "model", "created": 0, "owned_by": "simulation"}]}


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("the body is no JSON") from error
    if not isinstance(value, dict):
        raise BadRequestError("the body must be a JSON object")
    return value


def _only_one_answer(fields: Mapping[str, Any]) -> None:
    if _whole(fields, "n", low=1, high=2**31) not in (None, 1):
        raise BadRequestError("n: this server gives one answer a request")


def _messages(value: object) -> tuple[Message, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_MESSAGES:
        raise BadRequestError(f"messages: must be a list of 1 to {MAX_MESSAGES} messages")
    return tuple(_message(item, f"messages[{index}]") for index, item in enumerate(value))


def _message(value: object, place: str) -> Message:
    if not isinstance(value, dict):
        raise BadRequestError(f"{place}: must be an object with role and content")
    role = value.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise BadRequestError(f"{place}.role: must be one of {', '.join(_ROLES)}")
    return Message(_ROLES[role], _content(value.get("content"), f"{place}.content"))


def _content(value: object, place: str) -> str:
    parts = value if isinstance(value, list) else [{"type": "text", "text": value}]
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    if len(texts) != len(parts) or not all(isinstance(text, str) for text in texts):
        raise BadRequestError(f"{place}: must be a text or a list of text parts")
    return "".join(text for text in texts if isinstance(text, str))


def _number(fields: Mapping[str, Any], name: str, *, default: float, low: float, high: float) -> float:
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or math.isnan(value):
        raise BadRequestError(f"{name}: must be a number from {low:g} to {high:g}")
    return float(value)


def _whole(fields: Mapping[str, Any], name: str, *, low: int, high: int) -> int | None:
    value = fields.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high):
        raise BadRequestError(f"{name}: must be a whole number from {low} to {high}")
    return value


def _max_tokens(fields: Mapping[str, Any]) -> int:
    names = ("max_completion_tokens", "max_tokens")
    given = [_whole(fields, name, low=1, high=MAX_REPLY_TOKENS) for name in names]
    return min((value for value in given if value is not None), default=MAX_REPLY_TOKENS)


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequestError(f"{name}: must be true or false")
    return bool(value)


def _mapping(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadRequestError(f"{name}: must be an object")
    return value or {}


def _schema(value: object) -> Mapping[str, Any] | None:
    """The schema of a json_schema request; json_object says no more than the prompt does."""
    if value is None:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in get_args(Format):
        raise BadRequestError(f"response_format.type: must be one of {', '.join(get_args(Format))}")
    if kind != "json_schema":
        return None
    schema = _mapping(value, "json_schema").get("schema")
    if not isinstance(schema, dict):
        raise BadRequestError("response_format.json_schema.schema: must be an object")
    return schema


def _head(answer_id: str, kind: str) -> dict[str, Any]:
    return {"id": answer_id, "object": kind, "created": int(time.time()), "model": NAME}


def _usage(reply: Reply) -> dict[str, int]:
    prompt, answer = reply.usage.prompt_tokens, reply.usage.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def _delta(delta: Mapping[str, str], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}


def _event(chunk: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()
