"""A web server on loopback that keeps what is posted to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Posted:
    """One request."""

    path: str
    headers: dict[str, str]
    body: str


class Listener(ThreadingHTTPServer):
    """Answers 200, 500 below /broken, and a redirect below /moved."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Heard)
        self.posted: list[Posted] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Heard(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posted.append(Posted(self.path, dict(self.headers), body))
        self.send_response(500 if self.path.startswith("/broken") else 302 if self.path.startswith("/moved") else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def listening() -> Iterator[Listener]:
    with Listener() as mine:
        threading.Thread(target=mine.serve_forever, args=(0.01,), daemon=True).start()
        yield mine
        mine.shutdown()
