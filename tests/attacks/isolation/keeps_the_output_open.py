# MUST: exit. Ends at once and leaves a daemon that holds and fills both streams.
# ruff: noqa: T201
# mypy: ignore-errors
import os
import signal
import time

if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        os.write(1, b"." * 100)
        os.write(2, b"." * 100)
        time.sleep(0.01)
print("end", flush=True)
os._exit(0)
