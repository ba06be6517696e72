"""What the simulated models share: a request's draws and odds, and how what was written becomes a reply."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utils.completions import Completion, Finish, Message, Reply, Usage
from utils.ids import unit_number
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import KnownTask
from utils.rehearsal.reading import Situation
from utils.rehearsal.truths import Truths
from utils.text import estimate_tokens

_UNIT_DIGITS = 15
"""More than any memory has; int() refuses thousands of digits."""


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a reply, and how it ends."""

    text: str
    finish: Finish = "stop"


def odds(truths: Truths, task: KnownTask, situation: Situation, *, unit: str) -> float:
    """The probability that the reply is intended to be right; a unit without a number has no drift."""
    return truths.pass_probability(
        task,
        situation.turn,
        evidence=situation.evidence,
        rules=situation.rules,
        unit=_number(unit),
        recalled=situation.recalled,
    )


def draws_for(completion: Completion, *, seed: int, purpose: str) -> Draws:
    """Draws that depend on the messages, the request's seed, the model's seed and the purpose, and on nothing else."""
    return Draws(seed, completion.seed, _digest(completion.messages), purpose)


def answer(
    write: Callable[[Completion], Written], completion: Completion, *, model: str, latency_s: float = 0.0
) -> Reply:
    """What `write` writes, cut off at max_tokens as a server would, after the latency."""
    started = time.perf_counter()
    written = _shortened(write(completion), completion.max_tokens)
    if latency_s:
        time.sleep(latency_s)
    usage = Usage(
        prompt_tokens=sum(estimate_tokens(message.content) for message in completion.messages),
        completion_tokens=_counted(written, completion.max_tokens),
        estimated=True,
    )
    wall_s = time.perf_counter() - started
    return Reply(text=written.text, finish=written.finish, usage=usage, model=model, wall_s=wall_s)


def _number(unit: str) -> int:
    digits = unit.rpartition("-")[2]
    return unit_number(unit) if digits.isascii() and digits.isdigit() and len(digits) <= _UNIT_DIGITS else 0


def _digest(messages: Sequence[Message]) -> str:
    text = json.dumps([(message.role, message.content) for message in messages])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _counted(written: Written, max_tokens: int) -> int:
    """What is cut off for its length is counted as if it had been as long as it may."""
    return max_tokens if written.finish == "length" else estimate_tokens(written.text)


def _shortened(written: Written, max_tokens: int) -> Written:
    """Cut off where a server would stop; the longest start that fits, found by halving."""
    if estimate_tokens(written.text) <= max_tokens:
        return written
    low, high = 0, len(written.text)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if estimate_tokens(written.text[:middle]) <= max_tokens else (low, middle)
    return Written(written.text[:low], "length")
