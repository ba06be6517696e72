"""What is asked of a language model and what comes back; the one Protocol that every kind of model fulfils."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One request to a model.

    Attributes:
        messages: the chat so far, oldest first; the last one is the user's.
        temperature: sampling temperature, 0 or more.
        top_p: nucleus sampling, in (0, 1].
        max_tokens: most tokens that the reply may have, reasoning included.
        seed: the server's sampling seed, for those servers that honour one.
        json_schema: if given, the reply should be one JSON object that fulfils it. Servers differ in what they
            can promise, so the reply must be validated all the same.
        unit: the id of the unit that asks, e.g. `ab12cd34-000123`; for simulations, never sent to a server, and no
            part of what is asked: requests that differ in nothing else are the same request.
    """

    messages: tuple[Message, ...]
    temperature: float = 0.2
    top_p: float = 0.95
    max_tokens: int = 2048
    seed: int | None = None
    json_schema: Mapping[str, Any] | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one reply; `estimated` when the server did not count and we did, from characters."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One whole answer of a model.

    Attributes:
        text: the content as it came, `<think>` blocks included (see utils.text.visible).
        reasoning: what the server sent apart as reasoning, empty if it sent none.
        finish: `length` if the reply was cut off at max_tokens.
        usage: tokens used.
        model: the name that the server gave itself.
        wall_s: seconds from asking to the last byte.
    """

    text: str
    reasoning: str = ""
    finish: Finish = "stop"
    usage: Usage
    model: str
    wall_s: float


class Model(Protocol):
    """Anything that answers a Completion."""

    @property
    def name(self) -> str:
        """The model's name for people and logs; simulated models say so in it."""
        ...

    def complete(self, completion: Completion) -> Reply:
        """The whole reply.

        Raises:
            ModelFault: no usable answer was to be had (see utils.errors for its kinds).
        """
        ...
