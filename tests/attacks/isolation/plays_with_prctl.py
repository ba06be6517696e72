# MUST: exit. Renames itself like a line of /proc, adopts orphans, hides from tracing, and drops its death signal.
# ruff: noqa: PTH123, T201
# mypy: ignore-errors
import ctypes
import os
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
for option, value in ((1, 0), (4, 0), (8, 1), (28, 0x3F), (35, 0), (36, 1), (24, 21)):
    libc.prctl(option, value, 0, 0, 0)
for name in (b") Z 1 1 1", b"a\nb) R 9", b"\xff" * 15):
    if os.fork() == 0:
        libc.prctl(15, name, 0, 0, 0)
        libc.prctl(36, 1, 0, 0, 0)
        if os.fork() == 0:
            os.setsid()
            open(sys.argv[1], "w").close()
            time.sleep(60)
        os._exit(0) if name[0] == 97 else time.sleep(60)
if os.getuid() and libc.prctl(22, 0, 0, 0, 0) == 0:
    print("BREACH seccomp is off")
print("end", flush=True)
os._exit(0)
