# MUST: exit, only in isolation. Wants to reap, trace and be traced, and to have descendants that nobody else collects.
# ruff: noqa: T201
# mypy: ignore-errors
import ctypes
import os
import time

PR_SET_CHILD_SUBREAPER, PR_SET_PTRACER, PR_SET_PDEATHSIG, PR_SET_MM = 36, 0x59616D61, 1, 35
libc = ctypes.CDLL(None, use_errno=True)
for option, value in ((PR_SET_CHILD_SUBREAPER, 1), (PR_SET_PTRACER, -1), (PR_SET_MM, 1)):
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0:
        print("BREACH", option)
libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
for _ in range(4):
    if os.fork() == 0:
        libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
        os.setsid()
        for _ in range(3):
            if os.fork() == 0:
                time.sleep(0.05)
        time.sleep(30)
        os._exit(0)
print("end", flush=True)
os._exit(0)
