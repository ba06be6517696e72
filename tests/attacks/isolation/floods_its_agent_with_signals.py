# MUST: exit, only in a namespace. Sends the process that watches it every signal, by number and by descriptor, ten thousand times.
# ruff: noqa: E501, SIM105, T201
# mypy: ignore-errors
import os
import signal

for _ in range(200):
    for number in range(1, 65):
        try:
            os.kill(1, number)
        except OSError:
            pass
try:
    first = os.pidfd_open(1)
    for number in range(1, 65):
        signal.pidfd_send_signal(first, number)
except OSError:
    pass
print("end")
