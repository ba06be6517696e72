# MUST: exit or disk_limit or cpu_limit or timeout, only in isolation. Makes empty files until there is no room for another.
# ruff: noqa: E501, T201
# mypy: ignore-errors
import os
import time

until, made = time.process_time() + 0.6, 0
try:
    while time.process_time() < until and made < 100_000:
        for _ in range(100):
            os.close(os.open(f"{made:06}", os.O_CREAT | os.O_WRONLY))
            made += 1
except OSError:
    pass
print("end")
