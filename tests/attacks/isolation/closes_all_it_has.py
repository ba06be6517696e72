# MUST: exit. Closes every descriptor, fills their numbers with its own, and ends.
# mypy: ignore-errors
import os

os.write(1, b"end\n")
os.closerange(0, 256)
pipes = [os.pipe() for _ in range(40)]
for _, write in pipes:
    os.write(write, b"\0\0\0\2{}")
os._exit(0)
