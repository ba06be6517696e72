"""Where a model server is and how patient we are with it. Imports nothing slow, so that settings can use it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from utils.errors import InputError
from utils.text import one_line

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"^(?=.{{1,253}}$)(?:{_LABEL}(?:\.{_LABEL})*\.?|[0-9a-f:.]*:[0-9a-f:.]*)$")
_TAILS = ("/chat/completions", "/completions", "/models")
_OWN_NAMES = frozenset({"localhost", "host.docker.internal"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a model server, and how often to ask again.

    Attributes:
        attempts: most times that one request is sent.
        first_wait_s: wait before the second attempt.
        growth: each later wait is this many times the one before.
        cap_s: longest single wait; also the most that a server's Retry-After is honoured.
        total_s: no further attempt starts later than this after the first.
        connect_s: longest wait for a connection.
        first_token_s: longest wait for the first token; the first call loads the model.
        stall_s: longest silence once tokens come.
        answer_s: longest one answer may take in all; also the wait for a server that cannot stream.
    """

    attempts: int = 8
    first_wait_s: float = 1.0
    growth: float = 2.0
    cap_s: float = 60.0
    total_s: float = 900.0
    connect_s: float = 10.0
    first_token_s: float = 180.0
    stall_s: float = 60.0
    answer_s: float = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model on an OpenAI-compatible server; made by `from_url`, which checks what a person gave.

    Attributes:
        url: the base URL, without a slash at its end, e.g. `http://localhost:1234/v1`.
        model: the model's name there; empty for the first one that the server lists.
        api_key: never shown in a message or a repr; empty if the server wants none.
        context_tokens: the context that the model is loaded with, if known: prompts that do not fit are not sent.
        reply_limit_bytes: a reply is ended, as if at max_tokens, when it is longer than this in UTF-8.
        sampling: what each request tells of sampling beside temperature and top_p, for a server known to take it.
    """

    url: str
    model: str = ""
    api_key: str = field(default="", repr=False)
    context_tokens: int | None = None
    reply_limit_bytes: int = 2 * 1024 * 1024
    sampling: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_url(
        cls, url: str, *, model: str | None = "", api_key: str | None = "", context_tokens: int | None = None
    ) -> "Endpoint":
        """The endpoint that a person means by a URL.

        A missing scheme is taken as http for hosts of one's own network and https for others, a missing path as
        `/v1`; a slash or `/chat/completions` at the end is taken off.

        Raises:
            InputError: the URL or the key cannot be meant.
        """
        parts = _split(url.strip())
        path = parts.path.rstrip("/")
        for tail in _TAILS:
            path = path.removesuffix(tail)
        return cls(
            url=f"{parts.scheme}://{parts.netloc}{path.rstrip('/') or '/v1'}",
            model=(model or "").strip(),
            api_key=_key(api_key or ""),
            context_tokens=context_tokens,
        )

    @property
    def local(self) -> bool:
        """Whether the server is this machine, which no proxy of the environment can reach."""
        host = urlsplit(self.url).hostname or ""
        return host in _OWN_NAMES or host.endswith(".localhost") or _is_loopback(host)


def _split(url: str) -> SplitResult:
    # The URL may hold a password, so only a URL that is known to hold none is shown.
    if not url or re.search(r"[\s\x00-\x1f\\]", url):
        raise InputError("the model's URL is empty or has spaces in it; give one like http://localhost:1234/v1")
    if "@" in url:
        raise InputError("the model's URL has a user or a password in it; give the key as the API key instead")
    shown = one_line(url)
    if "://" not in url:
        url = f"{_guess_scheme(url)}://{url}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise InputError(f"{shown} is no URL ({error}); give one like http://localhost:1234/v1") from None
    if parts.scheme not in ("http", "https") or not _HOST.match(host) or parts.netloc.endswith(":"):
        raise InputError(f"{shown} is no URL of a web server; give one like http://localhost:1234/v1")
    if parts.query or parts.fragment:
        raise InputError(f"{shown} has a '?' or '#' part, which a base URL cannot have; leave it out")
    return parts


def _guess_scheme(url: str) -> str:
    host = url.split("/", maxsplit=1)[0]
    name = host[1 : host.find("]")] if host.startswith("[") else host.split(":")[0]
    try:
        own = ip_address(name).is_private
    except ValueError:
        own = "." not in name or name in _OWN_NAMES or name.endswith((".local", ".localhost", ".lan"))
    return "http" if own else "https"


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _key(text: str) -> str:
    key = text.strip()
    if not all("!" <= char <= "~" for char in key):
        raise InputError("the API key has spaces, line breaks or letters beyond ASCII in it; copy it again")
    return key
