# MUST: exit, only in isolation. Leaves daemons in sessions of their own that wait for somebody to come and write into what they find.
# ruff: noqa: E501, PTH123, SIM105, T201
# mypy: ignore-errors
import os
import signal
import sys
import time

for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        os.closerange(0, 64)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for folder in (".", "/tmp/job", "/dev/shm"):
                try:
                    open(f"{folder}/{sys.argv[1]}", "w").close()
                except OSError:
                    pass
            time.sleep(0.05)
        os._exit(0)
print("end")
