# MUST: fail, only in isolation. Asks for more memory than it may have, in its own and in other processes.
# mypy: ignore-errors
import os

for _ in range(3):
    if os.fork() == 0:
        break
hoard = []
while True:
    hoard.append(bytearray(1 << 24))
