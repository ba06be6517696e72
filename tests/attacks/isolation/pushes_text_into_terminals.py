# MUST: exit, only in isolation. Types into every terminal that it can open.
# ruff: noqa: PTH207, T201
# mypy: ignore-errors
import fcntl
import glob
import os

for path in ["/dev/tty", "/dev/console", "/dev/tty0", "/dev/tty1", *glob.glob("/dev/pts/[0-9]*")]:
    try:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        continue
    try:
        fcntl.ioctl(fd, 0x5412, b"#")  # TIOCSTI
        print("BREACH", path)
    except OSError:
        pass
print("end")
