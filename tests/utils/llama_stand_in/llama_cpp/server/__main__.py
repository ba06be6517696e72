"""Stands in for llama_cpp.server where it is not compiled: the same door, and as many troubles as its file asks for.

The "GGUF file" holds behind its four letters a JSON object: `refuses`, a traceback's last line instead of a start;
`loads_s`; `deadly`, numbers of requests (counted over all lives) that kill the server; `hangs`, numbers of requests
that are never answered. Every request is kept in FILE.asked, every life in FILE.lives.
"""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORDS = [part for word in sys.argv[1:] for part in word.split("=", 1)]
OPTIONS = dict(zip(WORDS[::2], WORDS[1::2], strict=True))
MODEL = Path(OPTIONS["--model"])
ASKED, LIVES = MODEL.with_suffix(".asked"), MODEL.with_suffix(".lives")
TROUBLES: dict[str, Any] = json.loads(MODEL.read_bytes()[4:] or b"{}")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer({"object": "list", "data": [{"id": OPTIONS["--model_alias"]}]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with ASKED.open("ab") as file:
            file.write(body + b"\n")
        number = len(ASKED.read_bytes().splitlines())
        if number in TROUBLES.get("deadly", []):
            os.kill(os.getpid(), signal.SIGKILL)
        if number in TROUBLES.get("hangs", []):
            time.sleep(3600)
        message = {"role": "assistant", "content": "```python\ndef f():\n    return 1\n```"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self.answer({"model": OPTIONS["--model_alias"], "choices": [choice]})

    def answer(self, body: object) -> None:
        known = self.headers["Authorization"] == f"Bearer {OPTIONS['--api_key']}"
        data = json.dumps(body).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


with LIVES.open("a") as lives:
    environment = {name: os.environ.get(name) for name in ("HOST", "PORT", "SEED", "CONFIG_FILE")}
    lives.write(json.dumps({"pid": os.getpid(), "options": OPTIONS, "environment": environment}) + "\n")
if "refuses" in TROUBLES:
    raise ValueError(TROUBLES["refuses"])
time.sleep(TROUBLES.get("loads_s", 0))
ThreadingHTTPServer((OPTIONS["--host"], int(OPTIONS["--port"])), Handler).serve_forever()
