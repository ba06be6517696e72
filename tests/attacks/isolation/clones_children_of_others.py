# MUST: exit, only in isolation. Makes children that end without a signal, and siblings in place of children.
# ruff: noqa: T201
# mypy: ignore-errors
import ctypes
import os
import platform
import time

CLONE_PARENT, SIGCHLD = 0x8000, 17
libc = ctypes.CDLL(None, use_errno=True)
CLONE = 220 if platform.machine() == "aarch64" else 56
for flags in (0, 23, SIGCHLD, CLONE_PARENT, CLONE_PARENT | 9, CLONE_PARENT | SIGCHLD) * 2:
    if libc.syscall(CLONE, flags, 0, 0, 0, 0) == 0:
        if libc.syscall(CLONE, flags, 0, 0, 0, 0) != 0:
            os._exit(0)
        time.sleep(30)
        os._exit(0)
print("end", flush=True)
os._exit(0)
