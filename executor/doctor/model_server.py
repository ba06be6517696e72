"""A model server: is it there, does it answer with code, does it keep to a schema, how fast is it?

The first answer may wait for the model to be loaded, as long as in a night; all others are bounded by seconds, so that
everything else takes about two minutes at most. What one answer cannot tell: whether the model is any good.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jsonschema import Draft202012Validator

from executor.doctor import forecast
from executor.doctor.findings import Finding, fault_finding
from executor.doctor.memory_folder import Past
from memory.tasks import Task
from utils.clock import Clock, SystemClock
from utils.completions import Completion, Message, Reply
from utils.errors import ModelFault, ModelRefused
from utils.llm_interface import Endpoint, OpenAIModel, Patience
from utils.llm_loaded import LoadedModel
from utils.python_source import parse_python
from utils.rehearsal.reading import code_in
from utils.settings import Settings
from utils.text import find_json_object, one_line

LOOK = "look into the server's log"
SYSTEM = "You are a careful Python programmer. Answer with one fenced Python code block and nothing else."
CODE_TOKENS, JSON_TOKENS, SPEED_TOKENS, HELLO_TOKENS = 512, 200, 160, 16
SHOWN_MODELS = 5
SPEED_GOAL = (
    "Write a Python class for a binary search tree with insert, delete, contains, minimum, maximum and an in-order "
    "iterator. Comment every method."
)
REFLECTION_GOAL = """You worked on this task:

Write last(items): the last one.

The outcome: failed after 1 try. What went wrong: last([]) raised IndexError where None was expected.

Look back at it. What should be done differently with tasks of this kind?
Reply with one JSON object and nothing else, with these fields:
- "error_class": two or three words for the kind of mistake
- "lesson": one sentence on what to learn from this attempt
- "rule": one general instruction in the imperative that would have prevented the mistake"""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error_class": {"type": "string"},
        "lesson": {"type": "string"},
        "rule": {"type": ["string", "null"]},
    },
    "required": ["error_class", "lesson", "rule"],
}
FORMS = {
    "json_schema": "the server accepts a JSON schema",
    "json_object": "the server refuses a JSON schema and accepts json_object",
    "none": "the server refuses every form of it, so the prompt alone asks for JSON",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long each exchange may take; the first answer also as long as the model takes to load."""

    list_s: float = 10.0
    hello_s: float = 20.0
    answer_s: float = 40.0
    silence_s: float = 30.0
    busy_s: float = 15.0


class ModelServer:
    """A server under examination, its checks in the order in which they stand here.

    Args:
        endpoint: the server and the model.
        settings: of the night.
        tasks: what the night would be about; looked at when it is needed.
        past: what the memory tells; likewise.
        waits: how long each exchange may take.
        clock: what answers are measured with.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: Settings,
        *,
        tasks: Sequence[Task],
        past: Past,
        waits: Waits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._endpoint, self._settings, self._tasks, self._past = endpoint, settings, tasks, past
        self._waits, self._clock = waits or Waits(), clock or SystemClock()
        self._names: tuple[str, ...] = ()
        self._reached = False
        self._model: OpenAIModel | None = None
        """Set once it is known which model to ask, taken back if it does not answer."""

    def server(self) -> Finding:
        """Whether it can be reached, and how long a list of its models takes."""
        started = self._clock.monotonic_s()
        try:
            self._names = self._client(self._waits.list_s, attempts=1).list_models()
        except ModelRefused as refusal:
            self._reached = bool(self._endpoint.model)  # with a name, a night does without the list
            return fault_finding("model server", "warning" if self._reached else "problem", refusal, LOOK)
        except ModelFault as fault:
            return fault_finding("model server", "problem", fault, "start the model server or correct its URL")
        self._reached, took_s = True, self._clock.monotonic_s() - started
        return Finding("model server", "ok", f"{self._endpoint.url} listed its models within {took_s:.2f} s")

    def model(self) -> Finding:
        """Which models there are, which one is asked, and whether that one is loaded."""
        if not self._reached:
            return _not_tried("model", "the server gives no list")
        client = self._client(self._waits.list_s, attempts=1)
        try:
            name = client.name
        except ModelFault as fault:
            return fault_finding("model", "problem", fault, "name the model with --model")
        self._endpoint = replace(self._endpoint, model=name)
        self._model = self._client(self._waits.answer_s, attempts=4)
        return self._described(name, client.loaded_models())

    def _described(self, name: str, loaded: tuple[LoadedModel, ...] | None) -> Finding:
        shown = ", ".join(one_line(each, 80) for each in self._names[:SHOWN_MODELS])
        more = f" and {len(self._names) - SHOWN_MODELS} more" if len(self._names) > SHOWN_MODELS else ""
        said = f"{one_line(name)}; listed: {shown or 'none'}{more}"
        if self._names and not {name, f"{name}:latest"} & {*self._names}:
            return Finding("model", "warning", f"the list does not have {said}", "choose a listed one with --model")
        if loaded is None:
            return Finding("model", "ok", f"{said}; the server does not tell which are loaded")
        if any(each.answers_to(name) for each in loaded):
            return Finding("model", "ok", f"{said}; it is loaded")
        if not loaded:
            return Finding("model", "ok", f"{said}; none is loaded yet, the first request does that")
        others = ", ".join(one_line(each.name, 80) for each in loaded)
        return Finding("model", "warning", f"{said}; not loaded, but {others}", "choose the loaded one with --model")

    def completion(self) -> Finding:
        """Whether it answers at all, and whether a tiny task's answer holds code that parses."""
        if self._model is None:
            return _not_tried("completion", "it is not known which model to ask")
        started = self._clock.monotonic_s()
        try:
            first_s = self._settings.first_token_s
            patient = self._client(first_s + self._waits.hello_s, attempts=12, loading_s=first_s)
            patient.complete(_ask("Say hello.", HELLO_TOKENS, self._settings))
            loading_s = self._clock.monotonic_s() - started
            goal = min(self._tasks, key=lambda task: task.difficulty).goal if self._tasks else SPEED_GOAL
            room = min(CODE_TOKENS, self._settings.reply_tokens)
            reply = self._bounded(_ask(f"{goal}\n\n{SYSTEM}", room, self._settings))
        except ModelFault as fault:
            self._model = None
            return fault_finding("completion", "problem", fault, LOOK)
        answered = f"the first answer came after {loading_s:.1f} s"
        if reply is None:
            said = f"{answered}; no end of {room} tokens within {self._waits.answer_s:g} s"
            return Finding("completion", "warning", said, "a night waits longer, but a smaller model gets more done")
        return _judged(reply, answered, room)

    def structured(self) -> Finding:
        """Which form of a wish for JSON the server accepts, and whether the model keeps to it."""
        if self._model is None:
            return _not_tried("structured output", "there was no answer")
        wish = replace(_ask(REFLECTION_GOAL, JSON_TOKENS, self._settings), json_schema=SCHEMA)
        todo = "nothing has to be done: attempts go on, but teach no lesson where the reflection is no JSON"
        try:
            reply = self._bounded(wish)
        except ModelFault as fault:
            return fault_finding("structured output", "warning", fault, LOOK)
        form = FORMS[self._model.schema_form]
        if reply is None:
            return Finding("structured output", "warning", f"{form}; no end within {self._waits.answer_s:g} s", todo)
        found = find_json_object(reply.text)
        if found is None or not Draft202012Validator(SCHEMA).is_valid(found):
            said = f"{form}; the reply was not what was asked for: {one_line(reply.text, 80)!r}"
            return Finding("structured output", "warning", said, todo)
        said = f"{form}; the reply keeps to it"
        if self._model.schema_form == "none":
            return Finding("structured output", "warning", said, todo)
        return Finding("structured output", "ok", said)

    def context(self) -> Finding:
        """Whether the biggest task fits; asked once the model has answered, and so is loaded."""
        known = self._settings.context_tokens
        if known is None and self._model is None:
            return _not_tried("context", "there was no answer")
        if known is None and self._model is not None:
            name = self._model.name
            lengths = (each.context_tokens for each in self._model.loaded_models() or () if each.answers_to(name))
            known = next(lengths, None)
        return forecast.context(known, self._tasks, self._settings)

    def speed(self) -> Finding:
        """How fast it writes, and about how many attempts that makes in a night."""
        if self._model is None:
            return _not_tried("speed", "there was no answer")
        try:
            reply = self._bounded(_ask(SPEED_GOAL, SPEED_TOKENS, self._settings))
        except ModelFault as fault:
            return fault_finding("speed", "warning", fault, LOOK)
        if reply is None:
            said = f"fewer than {SPEED_TOKENS} tokens in {self._waits.answer_s:g} s"
            return Finding("speed", "warning", said, "a smaller model, or more of it on the GPU")
        return forecast.speed(reply, self._past.by_model.get(self._model.name))

    def _bounded(self, completion: Completion) -> Reply | None:
        """The reply; None if the server was still writing when its time was up.

        Raises:
            ModelFault: anything else went wrong.
        """
        assert self._model is not None  # the callers looked
        started = self._clock.monotonic_s()
        try:
            return self._model.complete(completion)
        except ModelFault:
            if self._clock.monotonic_s() - started < self._waits.answer_s:
                raise
            return None

    def _client(self, answer_s: float, *, attempts: int, loading_s: float = 0.0) -> OpenAIModel:
        """A client with little patience, but `loading_s` for a server that is silent or busy at first."""
        waits = self._waits
        silence_s = min(waits.silence_s, answer_s)
        patience = Patience(
            attempts=attempts,
            total_s=max(waits.busy_s, loading_s),
            connect_s=waits.list_s,
            first_token_s=loading_s or silence_s,
            stall_s=silence_s,
            answer_s=answer_s,
        )
        return OpenAIModel(replace(self._endpoint, context_tokens=None), patience, clock=self._clock)


def _ask(text: str, max_tokens: int, settings: Settings) -> Completion:
    return Completion(
        messages=(Message("user", text),),
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_tokens=max_tokens,
    )


def _judged(reply: Reply, answered: str, room: int) -> Finding:
    """Whether a reply holds code that parses."""
    code = code_in(reply.text)
    try:
        statements = len(parse_python(code).body)
    except SyntaxError:
        statements = 0
    said = f"{answered}; a tiny task took {reply.wall_s:.1f} s"
    if statements:
        return Finding("completion", "ok", f"{said}, and the code in its reply parses")
    if reply.finish == "length":
        todo = f"if it reasons at length, allow for it with BT_REPLY_TOKENS; only {room} were allowed here"
        return Finding("completion", "warning", f"{said}, and its reply was cut off before there was whole code", todo)
    said = f"{said}, and its reply holds no code that parses: {one_line(reply.text, 80)!r}"
    return Finding("completion", "warning", said, "try again; a model for code, made to follow instructions, is needed")


def _not_tried(name: str, why: str) -> Finding:
    """No problem of its own: the check that it waits for has named one."""
    return Finding(name, "warning", f"not tried: {why}")
