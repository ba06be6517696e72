# MUST: exit or disk_limit or cpu_limit or timeout. Directories in directories, far deeper than a path or a stack is long.
# ruff: noqa: E501, PTH102, T201
# mypy: ignore-errors
import os

depth = 0
try:
    for _ in range(1500):
        os.mkdir("d" * 100)
        os.chdir("d" * 100)
        depth += 1
except OSError:
    pass
print("end")
