# MUST: timeout or cpu_limit, only in isolation. Orphans that end as fast as they are made, for the agent to bury.
# ruff: noqa: SIM105
# mypy: ignore-errors
import os

while True:
    try:
        if os.fork() == 0:
            try:
                os.fork()
            except OSError:
                pass
            os._exit(0)
        os.waitpid(-1, os.WNOHANG)
    except OSError:
        pass
