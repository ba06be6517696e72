"""A chat server on loopback that behaves as badly as a test wants: a Quirk for each request, the last for the rest."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Quirk = Callable[["Exchange"], None]
HANGS_AT_MOST_S = 9.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    path: str
    headers: Mapping[str, str]
    body: Any


class QuirkyServer:
    """Serves /v1/chat/completions with quirks and /v1/models with `models`; keeps every chat request that came.

    `models` is a list of names or a Quirk of its own.
    """

    def __init__(self, *quirks: Quirk, models: tuple[str, ...] | Quirk = ("quirky-7b",)) -> None:
        self.quirks = list(quirks)
        self.models = models
        self.requests: list[Request] = []
        self.model_requests = 0
        self.released = threading.Event()
        self.busy = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def bodies(self) -> list[Any]:
        return [request.body for request in self.requests]

    def quirk_for(self, request: Request) -> Quirk:
        with self._lock:
            self.requests.append(request)
            return self.quirks.pop(0) if len(self.quirks) > 1 else self.quirks[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    owner: QuirkyServer

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def hang_up(self) -> None:
        """Wake handlers that still write: on a busy machine TCP may take two minutes to tell that nobody listens."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what many tests are about."""


class Exchange(BaseHTTPRequestHandler):
    """One request, as a Quirk sees it."""

    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        owner = self.server.owner
        owner.model_requests += 1
        if callable(owner.models):
            owner.models(self)
        elif self.path == "/v1/models":
            plain({"object": "list", "data": [{"id": name} for name in owner.models]})(self)
        else:
            refuses(404, {"error": "not found"})(self)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        request = Request(self.path, dict(self.headers), json.loads(raw))
        self.server.owner.quirk_for(request)(self)

    def begin(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def hang(self) -> None:
        self.server.owner.busy.set()
        self.server.owner.released.wait(HANGS_AT_MOST_S)


def event(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def delta(finish: str | None = None, **fields: object) -> dict[str, Any]:
    choice = {"index": 0, "delta": fields, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "model": "quirky-7b", "choices": [choice]}


def usage(prompt: int, completion: int) -> dict[str, Any]:
    return {"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}}


DONE = b"data: [DONE]\n\n"


def raw(*parts: bytes, **headers: str) -> Quirk:
    """These bytes, each sent at once, then the end of the connection."""

    def quirk(exchange: Exchange) -> None:
        exchange.begin(200, **({"Content_Type": "text/event-stream"} | headers))
        for part in parts:
            exchange.write(part)

    return quirk


def chunks(*sent: object) -> Quirk:
    """These chunks as events, then [DONE]."""
    return raw(*map(event, sent), DONE)


def says(*pieces: str, finish: str = "stop") -> Quirk:
    """An ordinary streamed answer."""
    return chunks(*[delta(content=piece) for piece in pieces], delta(finish))


def plain(body: object, status: int = 200, **headers: str) -> Quirk:
    """One JSON body."""

    def quirk(exchange: Exchange) -> None:
        exchange.begin(status, Content_Type="application/json", **headers)
        exchange.write(json.dumps(body).encode())

    return quirk


def whole(text: str, **fields: object) -> Quirk:
    """An answer in one JSON body."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return plain({"model": "quirky-7b", "choices": [choice], **fields})


def refuses(status: int, body: object = None, **headers: str) -> Quirk:
    """An HTTP error."""
    return plain({"error": {"message": "no", "type": "t", "code": None}} if body is None else body, status, **headers)


def resets(exchange: Exchange) -> None:
    """The connection ends before any answer."""
    exchange.close_connection = True


def drops(*parts: bytes) -> Quirk:
    """Promises more than it sends."""
    return raw(*parts, Content_Length="100000")


def hangs(*parts: bytes) -> Quirk:
    """Sends this and then nothing, with the connection left open; without parts not even a header."""

    def quirk(exchange: Exchange) -> None:
        if parts:
            raw(*parts)(exchange)
        exchange.hang()

    return quirk


def endless(part: bytes, *, status: int = 200) -> Quirk:
    """The same over and over, until the client hangs up."""

    def quirk(exchange: Exchange) -> None:
        exchange.begin(status, Content_Type="text/event-stream")
        with suppress(OSError):
            while not exchange.server.owner.released.is_set():
                exchange.write(part)

    return quirk


def unless(asked: Callable[[Any], bool], refusal: Quirk, answer: Quirk) -> Quirk:
    """Refuses requests whose body is such, answers the others."""

    def quirk(exchange: Exchange) -> None:
        (refusal if asked(exchange.server.owner.requests[-1].body) else answer)(exchange)

    return quirk
