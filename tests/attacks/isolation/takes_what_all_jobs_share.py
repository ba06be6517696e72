# MUST: exit, only in isolation. Takes what the kernel has one of for all: asynchronous I/O, keys, terminals.
# ruff: noqa: T201
# mypy: ignore-errors
import ctypes
import os
import platform

ARM = platform.machine() == "aarch64"
libc = ctypes.CDLL(None, use_errno=True)
context = ctypes.c_ulong(0)
if libc.syscall(0 if ARM else 206, 1000, ctypes.byref(context)) == 0:
    print("BREACH io_setup")
if libc.syscall(217 if ARM else 248, b"user", b"left", b"x", 1, -3) >= 0:
    print("BREACH add_key")
for _ in range(100):
    try:
        os.openpty()
    except OSError:
        break
print("end")
