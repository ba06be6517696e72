# MUST: exit, only in isolation. Leaves System V memory, semaphores and queues, POSIX memory and POSIX queues.
# ruff: noqa: PTH123, T201
# mypy: ignore-errors
import ctypes
import os
import platform
import sys

ARM = platform.machine() == "aarch64"
libc = ctypes.CDLL(None, use_errno=True)
name = sys.argv[1].encode()
for call, *arguments in (("shmget", 4711, 4096, 0o1666), ("semget", 4711, 8, 0o1666), ("msgget", 4711, 0o1666)):
    if getattr(libc, call)(*arguments) >= 0:
        print("BREACH", call)
libc.syscall(180 if ARM else 240, name, os.O_CREAT | os.O_RDWR, 0o666, 0)  # mq_open
for folder in ("/dev/shm", "/dev/mqueue", "/tmp", "/run/shm"):
    try:
        with open(f"{folder}/{sys.argv[1]}", "wb") as file:
            file.write(bytes(1 << 20))
    except OSError:
        pass
print("end")
