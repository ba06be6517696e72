"""The web server behind `serve`; a module of its own, because only that command needs to load it."""

import contextlib
import socket
from pathlib import Path

import uvicorn

from memory import inbox
from memory.lock import WriterLock
from trainer.live_page.allowed import Allowed
from trainer.live_page.app import live_app
from trainer.live_page.steering import Door
from utils.clock import SystemClock, iso
from utils.commands.shared import BY, leave

GRACE_S = 5
MOST_CONNECTIONS = 64


def run_server(folder: Path, allowed: Allowed, listening: socket.socket) -> None:
    """Serve a memory until a signal ends it."""

    def into_inbox(wish: inbox.Wish) -> bool:
        return leave(folder, wish)

    def under_way() -> bool:
        lock = WriterLock(folder)
        if not lock.try_acquire(BY, iso(SystemClock().now())):
            return True
        lock.release()
        return False

    def ends() -> bool:
        return server.should_exit

    config = uvicorn.Config(
        live_app(Door(folder, into_inbox, under_way), allowed, ends=ends),
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
