"""The memory in a browser: python utils/cli.py serve."""

import secrets
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from memory import inbox
from memory.reading import check_memory
from trainer.live_page.app import live_app
from trainer.live_page.guard import Allowed, is_loopback
from utils.commands.shared import Memory, folder_of, leave, show_lines
from utils.errors import InputError

PORT = 8765
GRACE_S = 2
MOST_CONNECTIONS = 64
FEWEST_TOKEN_CHARS = 16


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; any but a loopback address needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = PORT,
    token: Annotated[str, typer.Option(envvar="BT_SERVE_TOKEN", help="What visitors have to know.")] = "",
    name: Annotated[list[str] | None, typer.Option(help="A host name of this machine; can be given again.")] = None,
    memory: Memory = None,
) -> None:
    """Show the report as it grows, the memory's documents, and forms to steer the run, in a browser."""
    folder = folder_of(memory)
    check_memory(folder)
    if token and len(token) < FEWEST_TOKEN_CHARS:
        raise InputError(f"--token: {FEWEST_TOKEN_CHARS} characters at least, for somebody may try many")
    if not token and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    allowed = Allowed(names=tuple(name or ()), token=token)
    listening = _listen(host, port)
    show_lines([_address(listening, host, token), "Ctrl-C ends it."])
    _serve(folder, allowed, listening)


def _serve(folder: Path, allowed: Allowed, listening: socket.socket) -> None:
    def into_inbox(wish: inbox.Wish) -> bool:
        return leave(folder, wish)

    config = uvicorn.Config(
        live_app(folder, into_inbox, allowed),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(f"cannot listen at {host}, port {port}: {error.strerror or error}; try --port 0") from error


def _address(listening: socket.socket, host: str, token: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}/"
    return f"{address}?token={token}" if token else address
