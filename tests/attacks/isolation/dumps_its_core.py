# MUST: signal. Wants a core file, and dies of what makes one.
# ruff: noqa: T201
# mypy: ignore-errors
import os
import resource
import signal

for wanted in ((-1, -1), (1 << 30, 1 << 30)):
    try:
        resource.setrlimit(resource.RLIMIT_CORE, wanted)
        if os.getuid():
            print("BREACH", wanted)
    except (OSError, ValueError):
        pass
print("end", flush=True)
os.kill(os.getpid(), signal.SIGQUIT)
