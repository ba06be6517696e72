"""The Builder looks back: error class, lesson, proposed rule, as validated JSON. A useless reflection is "no lesson"."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator

from builder.prompting import Prompts, describe_failure
from memory.attempts import Reflection, Sampling, Turn
from memory.tasks import Task
from utils.completions import Completion, Message, Model
from utils.errors import ContextOverflow
from utils.text import find_json_object, printable

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class ReflectionReply(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(extra="ignore")

    error_class: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    lesson: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    rule: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] | None = None

    @field_validator("error_class", "lesson", "rule")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else " ".join(printable(value).split())


def reflect(
    model: Model, prompts: Prompts, task: Task, turns: tuple[Turn, ...], *, sampling: Sampling, seed: int, code: str
) -> Reflection:
    """The reflection on a finished attempt.

    Raises:
        ModelFault: the model is away.
    """
    last = turns[-1]
    passed = last.verdict is not None and last.verdict.outcome == "passed"
    problem = next((turn.problem for turn in reversed(turns) if turn.problem), "")
    failed = next((turn.verdict for turn in reversed(turns) if turn.verdict and turn.verdict.outcome == "failed"), None)
    text = prompts.reflect(
        task,
        outcome="all checks passed" if passed else "the checks did not all pass",
        tries=len(turns),
        code=code,
        failure=describe_failure(failed, problem),
    )
    completion = Completion(
        messages=(Message("system", prompts.system()), Message("user", text)),
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        seed=seed,
        json_schema=ReflectionReply.model_json_schema(),
    )
    try:
        reply = model.complete(completion)
    except ContextOverflow as error:
        return Reflection(usable=False, problem=f"the model's context is too small for it: {error}"[:500])
    tokens = {"prompt_tokens": reply.usage.prompt_tokens, "completion_tokens": reply.usage.completion_tokens}
    return read_reflection(reply.text).model_copy(update=tokens)


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
        return Reflection(usable=False, problem=f"{place}: {first['msg']}"[:500])
    return Reflection(usable=True, error_class=reply.error_class.lower(), lesson=reply.lesson, rule=reply.rule or "")
