"""Tells a person elsewhere of trouble and of the end: a webhook (JSON) or ntfy (plain text), off unless asked for.

A thread of its own sends, with short timeouts, so that nothing here costs the night anything; what cannot be sent is
lost and told once. Addresses and tokens are secrets: messages name a server's host alone. Redirects are not followed.
"""

import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Literal
from urllib.parse import urlsplit

import structlog

from utils.clock import Clock, iso
from utils.settings import Settings
from utils.text import clip, one_line, printable

log = structlog.get_logger()

TIMEOUT_S = 10.0
END_WITHIN_S = 12.0
MOST_WAITING = 20
BODY_CHARS = 3000
"""ntfy turns longer texts into files."""

Occasion = Literal["trouble", "end"]
_PRIORITY: dict[Occasion, str] = {"trouble": "high", "end": "default"}


@dataclass(frozen=True, slots=True)
class Message:
    """What is told; `title` is one line."""

    occasion: Occasion
    title: str
    text: str
    at: str


class Notifier:
    """Sends messages to where the settings say; does nothing where they say nowhere."""

    def __init__(self, settings: Settings, clock: Clock, *, told: Callable[[str], None]) -> None:
        """`told` hears once if something cannot be sent."""
        self._clock, self._told, self._failed = clock, told, False
        token = settings.notify_token.get_secret_value()
        self._headers = {"User-Agent": "builder-trainer"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._webhook = settings.notify_webhook.get_secret_value()
        self._ntfy = settings.notify_ntfy.get_secret_value()
        self._waiting: queue.Queue[Message | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        # ProxyHandler({}) would cut off people behind a proxy: the environment's is used, as by curl
        self._opener = urllib.request.build_opener(_NoRedirect)

    def send(self, occasion: Occasion, title: str, text: str = "") -> None:
        """Send it in the background; at once for the caller."""
        if not (self._webhook or self._ntfy):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="notifier", daemon=True)
            self._thread.start()
        message = Message(occasion, one_line(title), printable(clip(text, BODY_CHARS)), iso(self._clock.now()))
        self._put(message)

    def close(self) -> None:
        """Wait a little for what is under way."""
        if self._thread is not None:
            self._put(None)
            self._thread.join(END_WITHIN_S)

    def _put(self, message: Message | None) -> None:
        """The latest is worth most: where too many wait, the oldest is lost."""
        while True:
            try:
                self._waiting.put_nowait(message)
            except queue.Full:
                with suppress(queue.Empty):
                    self._waiting.get_nowait()
                self._fail("too many messages wait to be sent")
            else:
                return

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            if self._webhook:
                self._post(self._webhook, json_body(message), {"Content-Type": "application/json"})
            if self._ntfy:
                self._post(self._ntfy, (message.text or message.title).encode(), ntfy_headers(message))

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        request = urllib.request.Request(url, body, self._headers | headers, method="POST")  # noqa: S310  http(s) alone
        try:
            with self._opener.open(request, timeout=TIMEOUT_S):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            self._fail(f"{_host(url)} answered {error.code}")
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            self._fail(f"{_host(url)}: {reason}")

    def _fail(self, why: str) -> None:
        if not self._failed:
            self._failed = True
            log.warning("notify.failed", why=one_line(why))
            self._told(f"a notification could not be sent, the run goes on without: {one_line(why)}")


def json_body(message: Message) -> bytes:
    """What a webhook gets."""
    document = {
        "schema_version": 1,
        "source": "builder-trainer",
        "occasion": message.occasion,
        "title": message.title,
        "text": message.text,
        "at": message.at,
    }
    return json.dumps(document).encode()


def ntfy_headers(message: Message) -> dict[str, str]:
    """Title and Priority; what is no ASCII would not pass as a header."""
    title = message.title.encode("ascii", "replace").decode()
    return {"Title": title, "Priority": _PRIORITY[message.occasion], "Content-Type": "text/plain; charset=utf-8"}


def _host(url: str) -> str:
    """Without user, path and query, which may be secrets."""
    try:
        return urlsplit(url).hostname or "the server"
    except ValueError:
        return "the server"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """None: an address that a person did not give is told nothing."""
