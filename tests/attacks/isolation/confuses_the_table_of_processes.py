# MUST: exit, only in isolation. Its processes and threads bear names that look like the rest of a line of /proc.
# ruff: noqa: T201
# mypy: ignore-errors
import ctypes
import os
import threading
import time

libc = ctypes.CDLL(None)
NAMES = (b") Z 1 1 1 (", b") S 0 0 0", b"))))\n((((", b"\xff\xfe) R 99", b"1 (x) S 1", b"")
for name in NAMES:
    if os.fork() == 0:
        libc.prctl(15, name, 0, 0, 0)
        threading.Thread(target=lambda name=name: (libc.prctl(15, name, 0, 0, 0), time.sleep(30)), daemon=True).start()
        if os.fork() == 0:
            os.setsid()
        time.sleep(30)
        os._exit(0)
libc.prctl(15, b") Z 1 (", 0, 0, 0)
time.sleep(0.4)
print("end", flush=True)
os._exit(0)
