"""An OpenAI-compatible server around a model, for rehearsing a whole night over HTTP.

    GET  /v1/models              one model, named as a simulation
    POST /v1/chat/completions    whole or streamed
    GET  /health                 {"status": "ok", "simulated": true}

It has no authentication and no rate limit: for one's own machine, not for a network.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from utils.completions import Model
from utils.errors import Fault
from utils.rehearsal.wire import (
    BadRequestError,
    ChatRequest,
    error_body,
    model_list,
    read_request,
    streamed_answer,
    whole_answer,
)

MAX_BODY_BYTES = 8 * 1024 * 1024
IDLE_S = 30.0
_LENGTH = re.compile(r"[0-9]{1,15}")
_GETS: Mapping[str, dict[str, Any]] = {"/v1/models": model_list(), "/health": {"status": "ok", "simulated": True}}


class RehearsalServer(ThreadingHTTPServer):
    """Answers with `model`; bound and listening once made. Port 0 takes a free one, see `url`.

    Raises:
        OSError: the address cannot be had.
    """

    daemon_threads = True
    block_on_close = False  # an answer under way must not hold up the end
    request_queue_size = 128

    def __init__(self, model: Model, host: str, port: int) -> None:
        self.model = model
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """The base URL for clients, with the port that is really used."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  as the standard library has it
        """A traceback on stderr, unless the client just went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: RehearsalServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by the standard library
        """Nothing is logged: requests hold people's tasks."""

    def do_GET(self) -> None:
        body = _GETS.get(self.path.split("?")[0])
        if body is None:
            self._refuse(HTTPStatus.NOT_FOUND, f"there is nothing at {self.path[:200]}")
        else:
            self._send(HTTPStatus.OK, body)

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path.split("?")[0] != "/v1/chat/completions":
            self._refuse(HTTPStatus.NOT_FOUND, f"there is nothing at {self.path[:200]}")
            return
        try:
            request = read_request(body)
        except BadRequestError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        self._answer(request, f"chatcmpl-rehearsal-{hashlib.sha256(body).hexdigest()[:16]}")

    def _body(self) -> bytes | None:
        """The request's body; None if it was refused unread, and then the connection is closed."""
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length):
            self.close_connection = True
            self._refuse(HTTPStatus.BAD_REQUEST, "a Content-Length is needed")
            return None
        if int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {MAX_BODY_BYTES} bytes")
            return None
        return self.rfile.read(int(length))

    def _answer(self, request: ChatRequest, answer_id: str) -> None:
        try:
            reply = self.server.model.complete(request.completion)
        except Fault as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error), kind="server_error")
            return
        if not request.stream:
            self._send(HTTPStatus.OK, whole_answer(reply, answer_id=answer_id))
            return
        self._stream(streamed_answer(reply, answer_id=answer_id, include_usage=request.include_usage))

    def _stream(self, events: Iterable[bytes]) -> None:
        """Chunked, so that a client can tell a whole stream from one that broke off."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
        self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, status: HTTPStatus, message: str, *, kind: str = "invalid_request_error") -> None:
        self._send(status, error_body(message, kind=kind))

    def _send(self, status: HTTPStatus, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)
