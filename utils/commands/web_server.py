"""The web server behind `serve`; a module of its own, because only that command needs to load it."""

import contextlib
import socket
from pathlib import Path

import uvicorn

from memory import inbox
from trainer.live_page.allowed import Allowed
from trainer.live_page.app import live_app
from utils.commands.shared import leave

GRACE_S = 5
MOST_CONNECTIONS = 64


def run_server(folder: Path, allowed: Allowed, listening: socket.socket) -> None:
    """Serve a memory until a signal ends it."""

    def into_inbox(wish: inbox.Wish) -> bool:
        return leave(folder, wish)

    def ends() -> bool:
        return server.should_exit

    config = uvicorn.Config(
        live_app(folder, into_inbox, allowed, ends=ends),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):  # that is how it is ended
        server.run(sockets=[listening])
