"""What a night would be like: does a prompt fit the model's context, and how many attempts are there time for?"""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.doctor.findings import Finding
from executor.doctor.memory_folder import Spent
from memory.tasks import Task
from utils.completions import Reply
from utils.settings import Settings
from utils.text import estimate_tokens

NIGHT_S = 8 * 3600
FRAME_TOKENS = 140
"""Measured: the Builder's system prompt has about 97 tokens, and its words around a task at most 34."""
REPAIR_TOKENS = 60
"""The words around a failure, about."""
TYPICAL_CODE_TOKENS = 300
UNIT_REPLY_TOKENS = 800
"""Tokens of the replies of one attempt, where the memory cannot tell: assumed, not measured, as one and a half replies
of 450 and a reflection of 100. 60 attempts of the rehearsal model took 507 each."""
FEW_UNITS = 5
LEAST_NIGHT = 40
LEAST_SPEED_TOKENS = 30


@dataclass(frozen=True, slots=True)
class Need:
    """Tokens of one task's prompts with the room for the answer: the first try, and a typical repair of it."""

    task_id: str
    first: int
    repair: int


def need_of(task: Task, settings: Settings) -> Need:
    """What the task needs, about."""
    own = estimate_tokens("\n".join((task.goal, task.starter, *task.constraints.notes, *task.examples)))
    first = FRAME_TOKENS + own + settings.reply_tokens
    code = estimate_tokens(task.reference) if task.reference else TYPICAL_CODE_TOKENS
    return Need(task.id, first, first + REPAIR_TOKENS + code + settings.failure_chars // 4)


def context(context_tokens: int | None, tasks: Sequence[Task], settings: Settings) -> Finding:
    """Whether the biggest task fits; `context_tokens` is None if nobody tells."""
    if not tasks:
        return Finding("context", "warning", "not tried: there are no tasks")
    needs = [need_of(task, settings) for task in tasks]
    biggest, smallest = max(needs, key=lambda need: need.first), min(need.first for need in needs)
    wanted = f"{biggest.task_id} needs about {biggest.first} tokens, {biggest.repair} for a repair"
    if context_tokens is None:
        todo = (
            "set BT_CONTEXT_TOKENS to the context that the model is loaded with, so that too long prompts are noticed"
        )
        return Finding("context", "warning", f"the server does not tell its length; {wanted}", todo)
    todo = "load the model with a longer context, or lower BT_REPLY_TOKENS or BT_FAILURE_CHARS"
    said = f"{context_tokens} tokens; {wanted}, {settings.reply_tokens} of these for the reply"
    if smallest > context_tokens:
        return Finding("context", "problem", f"no task fits: {said}", todo)
    if biggest.repair > context_tokens:
        what = "the biggest task does not fit" if biggest.first > context_tokens else "its repairs may not fit"
        return Finding("context", "warning", f"{what}: {said}", todo)
    return Finding("context", "ok", said)


def speed(reply: Reply, spent: Spent | None) -> Finding:
    """Tokens a second of a short prompt's answer, the wait for its first token included, and what that means."""
    tokens = reply.usage.completion_tokens
    if tokens < LEAST_SPEED_TOKENS:
        todo = "look at the first attempts of the night"
        return Finding("speed", "warning", f"cannot be told from an answer of {tokens} tokens", todo)
    rate = tokens / max(reply.wall_s, 1e-6)
    unit_tokens, source = UNIT_REPLY_TOKENS, "assumed"
    if spent is not None and spent.units >= FEW_UNITS and spent.reply_tokens:
        unit_tokens, source = -(-spent.reply_tokens // spent.units), f"the mean of {spent.units} in this memory"
    units = int(NIGHT_S * rate / unit_tokens)
    counted = "estimated" if reply.usage.estimated else "counted by the server"
    said = (
        f"{rate:,.1f} tokens a second ({tokens} {counted}, in {reply.wall_s:.1f} s): at most about {units:,} attempts "
        f"in 8 hours, one after the other, with {unit_tokens} tokens each ({source})"
    )
    if units < LEAST_NIGHT:
        return Finding(
            "speed", "warning", said, "a smaller model, or more of it on the GPU, would learn more in a night"
        )
    return Finding("speed", "ok", said)
