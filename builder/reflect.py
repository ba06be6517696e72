"""The Builder looks back: error class, lesson, proposed rule, as validated JSON.

A reflection that is no use is "no lesson", with the reason; never a fault.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator

from builder.prompting import Prompts
from memory.attempts import Reflection, Sampling, Turn
from memory.tasks import Task
from memory.told import Told
from utils.completions import Completion, Message, Model
from utils.errors import ContextOverflow
from utils.text import find_json_object, one_line

LIMIT = 500
NO_RULE = frozenset({"none", "null", "n/a", "no rule", "-"})
"""What models write for a null."""


class ReflectionReply(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(extra="ignore")

    error_class: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    lesson: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    rule: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] | None = None

    @field_validator("error_class", "lesson", "rule")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else one_line(value, LIMIT)  # escaping can make it longer than it came


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """A finished attempt.

    Attributes:
        unit: its id.
        task: the task.
        turns: at least one.
        code: the last there was, empty without any.
        told: what may be said of the last code that failed; None if none did.
    """

    unit: str
    task: Task
    turns: tuple[Turn, ...]
    code: str
    told: Told | None = None


def reflect(model: Model, prompts: Prompts, attempt: LookBack, *, sampling: Sampling, seed: int) -> Reflection:
    """The reflection on a finished attempt.

    Raises:
        ModelFault: the model is away.
    """
    completion = Completion(
        messages=(Message("system", prompts.system()), Message("user", _question(prompts, attempt))),
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        seed=seed,
        json_schema=ReflectionReply.model_json_schema(),
        unit=attempt.unit,
    )
    try:
        reply = model.complete(completion)
    except ContextOverflow as error:
        return Reflection(usable=False, problem=f"the model's context is too small for it: {error}"[:LIMIT])
    tokens = {"prompt_tokens": reply.usage.prompt_tokens, "completion_tokens": reply.usage.completion_tokens}
    return read_reflection(reply.text).model_copy(update=tokens)


def _question(prompts: Prompts, attempt: LookBack) -> str:
    turns = attempt.turns
    problem = next((turn.problem for turn in reversed(turns) if turn.problem), "")
    passed = turns[-1].verdict is not None and turns[-1].verdict.outcome == "passed"
    return prompts.reflect(
        attempt.task,
        outcome="all checks passed" if passed else "the checks did not all pass",
        tries=len(turns),
        code=attempt.code,
        failure=problem if attempt.told is None else prompts.failure(attempt.told),
    )


def read_reflection(text: str) -> Reflection:
    """The reflection that a reply holds, or "no lesson" and why."""
    found = find_json_object(text)
    if found is None:
        return Reflection(usable=False, problem="the reply holds no JSON object")
    try:
        reply = ReflectionReply.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))[:60]
        return Reflection(usable=False, problem=f"{place}: {first['msg']}"[:LIMIT])
    rule = reply.rule or ""
    return Reflection(
        usable=True,
        error_class=reply.error_class.lower(),
        lesson=reply.lesson,
        rule="" if rule.lower().rstrip(".") in NO_RULE else rule,
    )
