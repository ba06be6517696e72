"""In which form a server can be asked: with a schema or without, streamed or whole, with a count of tokens or without.

Local servers refuse what they cannot do with HTTP 400, in words of their own. A refusal is answered by the next weaker
form, the part that the refusal names first; what helped is remembered for as long as the client lives.
"""

import re
import threading
from dataclasses import dataclass, replace
from typing import Any, Literal

from utils.completions import Completion
from utils.llm_errors import Complaint
from utils.text import well_formed

SchemaForm = Literal["json_schema", "json_object", "none"]
_WEAKNESS: tuple[SchemaForm, ...] = ("json_schema", "json_object", "none")
_USAGE = re.compile(r"stream_options|include_usage", re.IGNORECASE)
_SCHEMA = re.compile(r"response_?format|json_?schema|json_?object|json mode|grammar|structured|guided", re.IGNORECASE)
_STREAM = re.compile(r"stream", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one request is put.

    Attributes:
        schema: how the wish for JSON is told.
        stream: whether the answer is asked for piece by piece.
        usage: whether a streamed answer should end with a count of tokens.
    """

    schema: SchemaForm = "json_schema"
    stream: bool = True
    usage: bool = True


def weaker(form: Form, complaint: Complaint) -> Form | None:
    """The next form to try after this complaint; None if the form is not what it is about, or none is left."""
    words = complaint.all_words
    if not complaint.maybe_form:
        return None
    if form.stream and form.usage and _USAGE.search(words):
        return replace(form, usage=False)
    if form.schema != "none" and _SCHEMA.search(words):
        return replace(form, schema=_WEAKNESS[_WEAKNESS.index(form.schema) + 1])
    if not complaint.misused:
        return None
    if form.stream and _STREAM.search(words):
        return replace(form, stream=False)
    return _weaker_unnamed(form)


def _weaker_unnamed(form: Form) -> Form | None:
    """A complaint that names no part: what costs least goes first."""
    if form.stream and form.usage:
        return replace(form, usage=False)
    if form.schema != "none":
        return replace(form, schema=_WEAKNESS[_WEAKNESS.index(form.schema) + 1])
    return replace(form, stream=False) if form.stream else None


class Manners:
    """What one server has taught us about the forms it understands. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._best = Form()

    def form_for(self, completion: Completion) -> Form:
        """The strongest form that is known to work, or not known not to."""
        with self._lock:
            best = self._best
        return best if completion.json_schema is not None else replace(best, schema="none")

    def learn(self, refused: Form, understood: Form) -> None:
        """Remember that the first of these was refused and the second was not; what is known never gets stronger."""
        with self._lock:
            best = self._best
            if refused.schema != understood.schema:
                best = replace(best, schema=max(best.schema, understood.schema, key=_WEAKNESS.index))
            self._best = replace(
                best,
                stream=best.stream and (understood.stream or not refused.stream),
                usage=best.usage and (understood.usage or not refused.usage),
            )


class Descent:
    """The forms in which one completion is asked for: weaker and weaker, as the server refuses them.

    It goes on where it stood after a fault that passes, so that a flaky server is not asked again what it refused.

    Attributes:
        form: the one to ask in now.
    """

    def __init__(self, manners: Manners, completion: Completion) -> None:
        self._manners = manners
        self.form = self._strongest = manners.form_for(completion)
        self._first: Complaint | None = None

    def refused(self, complaint: Complaint) -> Complaint | None:
        """None if there is a weaker form to try, which is now `form`; else the complaint that counts.

        That is the first one if the weakest form was refused as well: the form was not to blame for it.
        """
        lesser = weaker(self.form, complaint)
        if lesser is None:
            return self._first if self._first is not None and complaint.misused else complaint
        self._first = self._first or complaint
        self.form = lesser
        return None

    def answered(self, *, whole: bool) -> None:
        """The server understood; `whole` if it answered in one piece, so that it need not be asked to stream again."""
        understood = replace(self.form, stream=self.form.stream and not whole)
        self._manners.learn(self._strongest, understood)


def request_body(completion: Completion, *, model: str, form: Form) -> dict[str, Any]:
    """The JSON of a chat request in this form. A schema that the form cannot tell is left to the caller's prompt."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": each.role, "content": well_formed(each.content)} for each in completion.messages],
        "temperature": completion.temperature,
        "top_p": completion.top_p,
        "max_tokens": completion.max_tokens,
        "stream": form.stream,
    }
    if completion.seed is not None:
        body["seed"] = completion.seed
    if form.stream and form.usage:
        body["stream_options"] = {"include_usage": True}
    if form.schema == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif form.schema == "json_schema":
        # Without "strict": OpenAI's strict mode takes few schemas, and local servers keep to the schema anyway.
        schema = {"name": "reply", "schema": completion.json_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body
