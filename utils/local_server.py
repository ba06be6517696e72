"""A GGUF file served by a child process: `llama_cpp.server` of the extra `local`, so that no other program is needed.

The child listens on this machine only, on a port that was free, and wants a key that was drawn for this run. It ends
with this process whatever ends it (utils.llama_child), and is in a session of its own, so that Ctrl-C on the terminal
reaches it after the loop has parked what it was answering. What it prints is kept in a file that cannot grow without
bound.

It serves one request at a time; further ones wait. Not covered: a child that hangs without ending is a stalled server
like any other, told by the client's own patience.
"""

import contextlib
import http.client
import importlib.util
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog

from utils.errors import InputError, Interrupted, ModelFault
from utils.llm_endpoint import Endpoint
from utils.logs import append_lines
from utils.settings import Settings
from utils.text import one_line

log = structlog.get_logger()

GGUF = "gguf:"
EXTRA = "llama_cpp"
MAGIC = b"GGUF"
HOST = "127.0.0.1"
CHILD = Path(__file__).with_name("llama_child.py")
LAST_LINES, LINE_CHARS = 20, 2000
POLL_S, LOOK_S, END_WITHIN_S = 0.05, 2.0, 5.0
NEUTRAL = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
"""Instead of what the server would add by itself (40, 0.05, 1.1): only temperature and top_p of the settings shall
count, and a penalty for repetition spoils code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What is served, and how.

    Attributes:
        path: the GGUF file.
        name: the model's name in the memory and on the server.
        context_tokens: the context that it is loaded with.
        options: further ones of llama_cpp.server.
        log: the file that keeps what the server prints.
        ready_s: longest wait until it is loaded.
    """

    path: Path
    name: str
    context_tokens: int
    options: tuple[str, ...]
    log: Path
    ready_s: float

    @classmethod
    def of_settings(cls, settings: Settings, log: Path) -> "Launch":
        """What `--llm gguf:FILE` asks for; the log is kept there.

        Raises:
            InputError: there is no such file, it is no GGUF file, the options cannot be read, or the extra is missing.
        """
        assert settings.context_tokens is not None  # Settings sees to it for a file
        path = Path(settings.llm.removeprefix(GGUF)).expanduser().absolute()
        _check_file(path)
        if importlib.util.find_spec(EXTRA) is None:
            raise InputError(
                f"--llm gguf: needs the extra `local`, which is not installed in {sys.prefix}; run `make local`"
                " (it compiles llama.cpp, some minutes), or start a server of your own and give its URL"
            )
        return cls(
            path=path,
            name=settings.model or path.stem,
            context_tokens=settings.context_tokens,
            options=_options(settings.local_options),
            log=log,
            ready_s=settings.first_token_s,
        )


def _check_file(path: Path) -> None:
    shown = one_line(str(path))
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except FileNotFoundError:
        raise InputError(f"--llm: there is no file {shown}; give the path of a GGUF file") from None
    except IsADirectoryError:
        raise InputError(f"--llm: {shown} is a folder; give the path of the GGUF file in it") from None
    except OSError as error:
        raise InputError(f"--llm: {shown} cannot be read: {error.strerror}") from error
    if magic != MAGIC:
        raise InputError(f"--llm: {shown} is no GGUF file (it does not begin with GGUF); download or convert it again")


def _options(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InputError(f"BT_LOCAL_OPTIONS: {error}, in {one_line(text, 80)!r}") from error


class LocalServer:
    """The child process, started anew when it has died. Safe to use from several threads.

    Args:
        launch: what is served.
        stopping: whether a person asked to stop; ends waits.
    """

    def __init__(self, launch: Launch, *, stopping: Callable[[], bool]) -> None:
        self._launch, self._stopping = launch, stopping
        self._lock = threading.Lock()
        self._closed = False
        self._child: subprocess.Popen[bytes] | None = None
        self._pump: threading.Thread | None = None
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        self._port, self._key = _free_port(), secrets.token_hex(24)
        launch.log.parent.mkdir(parents=True, exist_ok=True)

    @property
    def endpoint(self) -> Endpoint:
        """Where it is, with its key and what its requests hold beside the usual."""
        return Endpoint(
            url=f"http://{HOST}:{self._port}/v1",
            model=self._launch.name,
            api_key=self._key,
            context_tokens=self._launch.context_tokens,
            sampling=NEUTRAL,
        )

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        child = self._child
        return child is not None and child.poll() is None

    @property
    def end(self) -> str:
        """How the child ended and the last that it said, in one line."""
        code = self._child.returncode if self._child is not None else None
        last = one_line(self._said[-1], 300) if self._said else "it said nothing"
        if code is not None and code < 0:
            memory = "; the system may have run out of memory" if -code == signal.SIGKILL else ""
            return f"ended by {signal.Signals(-code).name}{memory} ({last})"
        return f"ended with exit code {code} ({last})"

    def ensure(self) -> None:
        """Return once it runs and is ready, started anew if it has died.

        Raises:
            ModelFault: it ends at the start or takes too long; it is tried again at the next call.
            Interrupted: a person asked to stop, or it was closed.
        """
        with self._lock:
            if self._closed:
                raise Interrupted("the model's server was stopped with the loop; start again to go on")
            if self.alive:
                return
            if self._child is not None:
                log.warning("model.server_restarts", file=self._launch.path.name, why=self.end)
            self._start()

    def close(self) -> None:
        """End the child and wait until it is gone; it is not started again."""
        with self._lock:
            self._closed = True
            self._stop()

    def _start(self) -> None:
        self._stop()
        self._said.clear()
        argv = [sys.executable, "-P", str(CHILD)]  # -P: the modules beside it are not to hide Python's own
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, start_new_session=True)
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._pump = threading.Thread(target=self._keep, args=(self._child.stdout,), daemon=True)
        self._pump.start()
        with contextlib.suppress(BrokenPipeError):  # it has died already, which is told below
            self._child.stdin.write(json.dumps(self._arguments()).encode() + b"\n")
            self._child.stdin.flush()
        self._await_ready(self._child)

    def _arguments(self) -> list[str]:
        """The server's command line; the last of two equal options counts, so nobody else sets what is fixed."""
        launch = self._launch
        given = ["--n_ctx", str(launch.context_tokens), "--logits_all", "false", "--verbose", "false", *launch.options]
        fixed = {
            "model": str(launch.path),
            "model_alias": launch.name,
            "host": HOST,
            "port": str(self._port),
            "api_key": self._key,
            "interrupt_requests": "false",  # else a second request cuts off the answer to the first
        }
        return [*given, *(f"--{name}={value}" for name, value in fixed.items())]  # a value may begin with a dash

    def _await_ready(self, child: subprocess.Popen[bytes]) -> None:
        name, end_s = self._launch.path.name, time.monotonic() + self._launch.ready_s
        while not self._answers():
            if child.poll() is not None:
                self._stop()
                raise ModelFault(f"the server of {name} {self.end}")
            if self._stopping():
                self._stop()
                raise Interrupted(f"asked to stop while {name} was being loaded; start again to go on")
            if time.monotonic() > end_s:
                self._stop()
                raise ModelFault(
                    f"{name} was not loaded within {self._launch.ready_s:g} s; raise BT_FIRST_TOKEN_S or take a"
                    " smaller model"
                )
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        """Whether it lists its models to who has the key."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=LOOK_S)
        try:
            connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {self._key}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _keep(self, output: IO[bytes]) -> None:
        """Write down what the child prints, until it ends."""
        with output, append_lines(self._launch.log) as write:
            for line in iter(lambda: output.readline(LINE_CHARS), b""):
                text = line.decode("utf-8", "replace").rstrip()
                if text:
                    self._said.append(text)
                    write(text)

    def _stop(self) -> None:
        """End the child, if there is one; its process group with it, should something of it stay."""
        child = self._child
        if child is None:
            return
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        try:
            child.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if self._pump is not None:
            self._pump.join(END_WITHIN_S)


def _free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
