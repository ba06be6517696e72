# MUST: oom or timeout, only in a container. Many processes that are each within their limit eat the memory of all.
# mypy: ignore-errors
import os
import time

for _ in range(20):
    if os.fork() == 0:
        held = bytearray(b"x") * (100 << 20)
        time.sleep(5)
        os._exit(0)
time.sleep(0.2)
held = bytearray(b"x") * (200 << 20)
time.sleep(5)
