# MUST: exit, only in a namespace. The last thing that it does is to stop the process that it was forked from.
# ruff: noqa: SIM105, T201
# mypy: ignore-errors
import os
import signal

print("end", flush=True)
for pid in range(1, os.getpid()):
    try:
        os.kill(pid, signal.SIGSTOP)
    except OSError:
        pass
os._exit(0)
