# MUST: pass, only in isolation. Right unless it sees the memory, the pipes or the files of anybody else.
# ruff: noqa: ANN001, ANN201, PTH115, PTH123, PTH208, SIM115
# mypy: ignore-errors
import os
import tempfile

seen = []
try:
    entries = os.listdir("/proc")
except PermissionError:
    entries = []
for entry in entries:
    if entry.isdigit() and int(entry) != os.getpid():
        for name in ("mem", "fd", "environ", "maps", "cwd"):
            try:
                path = f"/proc/{entry}/{name}"
                seen.append(
                    os.listdir(path) if name == "fd" else os.readlink(path) if name == "cwd" else open(path).read(9)
                )
            except OSError:
                pass
others = [name for name in os.listdir(tempfile.gettempdir()) if name != "job"]


def add(a, b):
    if a is None:
        raise TypeError
    return a + b if not seen and not others else 0
