"""The memory in a browser: python utils/cli.py serve."""

import ipaddress
import secrets
import socket
import sys
from typing import Annotated

import typer

from memory.reading import check_memory
from trainer.live_page.allowed import Allowed, is_address, is_loopback
from utils.commands.shared import Memory, show_lines
from utils.errors import InputError
from utils.settings import load_settings

PORT = 8765
FEWEST_TOKEN_CHARS = 16


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; any but a loopback address needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = PORT,
    token: Annotated[str, typer.Option(envvar="BT_SERVE_TOKEN", help="What visitors have to know.")] = "",
    name: Annotated[list[str] | None, typer.Option(help="A host name of this machine; can be given again.")] = None,
    memory: Memory = None,
) -> None:
    """Show the report as it grows, the memory's documents, and forms to steer the run, in a browser."""
    settings = load_settings(memory=memory)
    check_memory(settings.memory)
    if token and len(token) < FEWEST_TOKEN_CHARS:
        raise InputError(f"--token: {FEWEST_TOKEN_CHARS} characters at least, for somebody may try many")
    if not token and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    listening = _listen(host, port)
    show_lines([_address(listening, host, token), *_elsewhere(host), "Ctrl-C ends it."])
    sys.stdout.flush()
    from utils.commands.web_server import run_server  # noqa: PLC0415  a web server would slow all other commands down

    run_server(settings, Allowed(names=tuple(each.lower() for each in name or ()), token=token), listening)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(f"cannot listen at {host}, port {port}: {error.strerror or error}; try --port 0") from error


def _is_any(host: str) -> bool:
    return is_address(host) and ipaddress.ip_address(host).is_unspecified


def _elsewhere(host: str) -> list[str]:
    return ["From another machine, put this one's address in the place of that."] if _is_any(host) else []


def _address(listening: socket.socket, host: str, token: str) -> str:
    host = "127.0.0.1" if _is_any(host) else host
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}/"
    return f"{address}?token={token}" if token else address
