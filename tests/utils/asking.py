"""What the tests of the model client share: a question, little patience, time that waits cost nothing of."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from tests.utils.quirky_server import QuirkyServer
from utils.completions import Completion, Message
from utils.llm_interface import Endpoint, OpenAIModel, Patience

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}
KEY = "sk-very-secret-0123456789"


class SkippingTime:
    """Real time, but that a sleep is over at once; `slept_s` adds the sleeps up."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return monotonic() + self.slept_s

    def elapsed_s(self) -> float:
        return self.monotonic_s()

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


def ask(text: str = "Write it.", **fields: Any) -> Completion:
    return Completion(messages=(Message("user", text),), **fields)


def patience(**changes: Any) -> Patience:
    return Patience(**({"attempts": 3, "first_token_s": 5.0, "stall_s": 5.0} | changes))


def model_of(
    server: QuirkyServer,
    *,
    time: SkippingTime | None = None,
    waits: Patience | None = None,
    stopping: Callable[[], bool] | None = None,
    **endpoint: Any,
) -> OpenAIModel:
    time = time or SkippingTime()
    where = Endpoint(**({"url": server.url, "model": "quirky-7b", "api_key": KEY} | endpoint))
    return OpenAIModel(where, waits or patience(), stopping=stopping, clock=time, sleep=time.sleep)
