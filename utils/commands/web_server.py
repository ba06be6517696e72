"""The web server behind `serve`; a module of its own, because only that command needs to load it."""

import contextlib
import socket

import uvicorn

from memory import inbox
from memory.lock import WriterLock
from memory.tasks import Task
from trainer.live_page.allowed import Allowed
from trainer.live_page.app import live_app
from trainer.live_page.steering import Door, Trial
from utils.clock import SystemClock, iso
from utils.commands.shared import BY, leave
from utils.commands.trials import try_tasks
from utils.settings import Settings

GRACE_S = 5
MOST_CONNECTIONS = 64


def run_server(settings: Settings, allowed: Allowed, listening: socket.socket) -> None:
    """Serve a memory until a signal ends it; tasks are tried in the sandbox of the settings."""
    folder = settings.memory

    def into_inbox(wish: inbox.Wish) -> bool:
        return leave(folder, wish)

    def under_way() -> bool:
        lock = WriterLock(folder)
        if not lock.try_acquire(BY, iso(SystemClock().now())):
            return True
        lock.release()
        return False

    def tried(task: Task) -> Trial:
        found = try_tasks((task,), settings)
        return Trial(flaw=found.flaws[0] or "", untried=bool(found.untried))

    def ends() -> bool:
        return server.should_exit

    config = uvicorn.Config(
        live_app(Door(folder, into_inbox, under_way, tried), allowed, ends=ends),
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
