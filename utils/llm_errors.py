"""What a model server's complaint means: try again, give up, a prompt too long, or a part of the request it cannot do.

Sources of the texts: OpenAI's API reference; llama.cpp's server; public bug reports on LM Studio, Ollama and vLLM.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from utils.errors import ContextOverflow, ModelFault, ModelRefused
from utils.text import one_line

_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size"
    r"|exceed(?:s|ed|ing)? (?:the )?(?:available |max(?:imum)? |model'?s? )*context"
    r"|maximum context length|context (?:size|length|window) (?:has been |was |is )?exceeded"
    r"|context the overflows|context overflow|reached context length|prompt (?:is )?too long"
    r"|(?:greater|longer|larger) than the (?:model'?s? |maximum |available )*(?:context|model length)"
    r"|greater than max_seq_len|`?inputs`? tokens \+",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|no such model|unknown model|model\b.{0,200}\b(?:not found|(?:does not|doesn't|not) exist)",
    re.IGNORECASE | re.DOTALL,
)
_NO_PATH = re.compile(r"unexpected endpoint|^web_page", re.IGNORECASE)
_NO_CREDIT = re.compile(r"insufficient_quota", re.IGNORECASE)
_UNSUPPORTED = 501
_MISUSED = frozenset({400, 415, 422, _UNSUPPORTED})
_PASSING_STATUSES = frozenset({408, 425, 429})
_TOO_LARGE = 413
_REDIRECT, _CLIENT_ERROR, _SERVER_ERROR, _BEYOND = 300, 400, 500, 600


class Trouble(StrEnum):
    """What went wrong in a way that may pass; the words of the log."""

    UNREACHABLE = "unreachable"
    DROPPED = "dropped"
    STALLED = "stalled"
    BUSY = "busy"
    SERVER_ERROR = "server_error"
    EMPTY = "empty"
    CUT_OFF = "cut_off"
    NONSENSE = "nonsense"


ADVICE: Mapping[Trouble, str] = {
    Trouble.UNREACHABLE: "start the model server or correct its URL",
    Trouble.DROPPED: "look into the server's log: it may have crashed or run out of memory",
    Trouble.STALLED: "look whether the server is overloaded, or allow for longer waits",
    Trouble.BUSY: "use fewer workers or allow for longer waits",
    Trouble.SERVER_ERROR: "look into the server's log",
    Trouble.EMPTY: "look into the server's log: some servers answer so if the prompt is longer than the context",
    Trouble.CUT_OFF: "look into the server's log, and how long a context the model is loaded with",
    Trouble.NONSENSE: "check that this is the URL of an OpenAI-compatible server",
}


class Passing(ModelFault):
    """Something that may pass: the model client's own retry takes it up and nobody else sees it.

    Attributes:
        trouble: its kind.
        wait_s: how long the server asked us to wait, if it did.
    """

    def __init__(self, trouble: Trouble, what: str, *, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.trouble, self.wait_s = trouble, wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """An error that a server reported.

    Attributes:
        status: the HTTP status, or the one named in an error that came with HTTP 200; 200 if it named none.
        text: what it says, as it came: for verdict() to make it fit for people.
        codes: its type and code, for matching.
        wait_s: the server's Retry-After, if it sent one.
        location: where a redirect points.
    """

    status: int
    text: str
    codes: str = ""
    wait_s: float | None = None
    location: str = ""

    @property
    def all_words(self) -> str:
        """Text and codes, to search in."""
        return f"{self.codes} {self.text}"

    @property
    def misused(self) -> bool:
        """Whether the server did not understand the request, whatever part of it."""
        return self.status in _MISUSED and self.maybe_form

    @property
    def maybe_form(self) -> bool:
        """Whether the same question may be answered if it is put differently."""
        elsewhere = _REDIRECT <= self.status < _SERVER_ERROR and self.status not in _MISUSED
        return not (elsewhere or self.overflow or self.unknown_model)

    @property
    def overflow(self) -> bool:
        """Whether the prompt was too long."""
        return bool(_OVERFLOW.search(self.all_words))

    @property
    def unknown_model(self) -> bool:
        """Whether the server does not have the model."""
        return self.status in (400, 404) and bool(_NO_MODEL.search(self.all_words))


class Rejected(Exception):  # noqa: N818  it says what happened, as the project's own exceptions do
    """A server's complaint on its way from the wire to the one who decides."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.text)
        self.complaint = complaint


def complaint_of(status: int, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Complaint:
    """The complaint that an HTTP error carries, whatever its body looks like."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = body.decode("utf-8", "replace")
    return _complaint(status, value, wait_s=_retry_after(headers, now), location=headers.get("location", ""))


def complaint_within(value: Mapping[str, Any]) -> Complaint | None:
    """The complaint that a body or chunk of HTTP 200 carries; None if it carries none."""
    if not value.get("error") and value.get("object") != "error":
        return None
    code = _inner(value).get("code")
    status = code if isinstance(code, int) and not isinstance(code, bool) and _CLIENT_ERROR <= code < _BEYOND else 200
    return _complaint(status, value)


def _inner(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        return {}
    error = value.get("error")
    return error if isinstance(error, dict) else value


def _complaint(status: int, value: object, *, wait_s: float | None = None, location: str = "") -> Complaint:
    inner = _inner(value)
    said = next((inner[name] for name in ("message", "error", "detail") if inner.get(name)), None) or value
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    codes = " ".join(one_line(str(inner[name])) for name in ("type", "code") if inner.get(name))
    return Complaint(status=status, text=text, codes=codes, wait_s=wait_s, location=location)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from a Retry-After of either form; None without one that can be read."""
    given = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d*)?", given):
        return float(given)
    try:
        then = parsedate_to_datetime(given)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max((then - now).total_seconds(), 0.0)


def verdict(complaint: Complaint, *, url: str, key: str) -> ModelFault:
    """The exception that a complaint amounts to; an unknown model's message has no list of models yet.

    The key is taken out of what the server says: some echo it.
    """
    said = one_line(_hide(complaint.text, key), limit=300) or "nothing more"
    if complaint.overflow or complaint.status == _TOO_LARGE:
        return overflow(said)
    if refusal := _refusal(complaint, said):
        return ModelRefused(f"{url} {refusal}")
    trouble = Trouble.BUSY if complaint.status in _PASSING_STATUSES else Trouble.SERVER_ERROR
    return Passing(trouble, f"HTTP {complaint.status}: {said}", wait_s=complaint.wait_s)


def _refusal(complaint: Complaint, said: str) -> str | None:
    """What the server refuses, and what to do; None if it refuses nothing."""
    status, words = complaint.status, complaint.all_words
    readings = (
        (status in (401, 403), f"refuses the API key (HTTP {status}: {said}); give the right one"),
        (complaint.unknown_model, f"does not have this model ({said})"),
        (
            status in (404, 405) or bool(_NO_PATH.search(words)),
            f"does not know this path (HTTP {status}: {said}); does the URL end in /v1?",
        ),
        (bool(_NO_CREDIT.search(words)), f"says that the account has no credit left ({said}); fill it up"),
        (
            _REDIRECT <= status < _CLIENT_ERROR,
            f"redirects to {one_line(complaint.location) or 'elsewhere'}; give that URL instead",
        ),
        (
            _CLIENT_ERROR <= status < _SERVER_ERROR and status not in _PASSING_STATUSES,
            f"refuses the request (HTTP {status}: {said}); change what it complains about",
        ),
    )
    return next((words for holds, words in readings if holds), None)


def overflow(what: str) -> ContextOverflow:
    """The prompt does not fit; `what` says how that came out."""
    return ContextOverflow(
        f"the prompt and the answer do not fit the model's context ({what});"
        " shorten the prompt, allow for fewer tokens, or load the model with a longer context"
    )


def _hide(text: str, key: str) -> str:
    return text.replace(key, "***") if key else text
