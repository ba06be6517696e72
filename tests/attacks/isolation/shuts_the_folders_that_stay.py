# MUST: exit, only in isolation. Takes everybody's rights on the folders that stay, and writes a message into their times.
# ruff: noqa: E501, PTH101, PTH106, PTH109, SIM105, T201
# mypy: ignore-errors
import os

try:
    os.rmdir(os.getcwd())
except OSError:
    pass
for path in ("/tmp", "/dev/shm", "/dev/pts", "/dev/pts/ptmx", "/dev/mqueue", "/dev", "/proc", "/"):
    for act in (lambda path: os.utime(path, ns=(4711, 4711)), lambda path: os.chmod(path, 0o500)):
        try:
            act(path)
        except OSError:
            pass
print("end")
