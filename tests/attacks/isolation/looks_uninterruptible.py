# MUST: timeout. Waits in vfork for a child that never ends: the kernel shows both as deep in its own work.
# ruff: noqa: T201
# mypy: ignore-errors
import ctypes
import time

print("end", flush=True)
if ctypes.CDLL(None).vfork() == 0:
    while True:
        time.sleep(60)
