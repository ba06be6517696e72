# MUST: exit or timeout, only in isolation. Takes every watch, event descriptor and timer that it can get.
# ruff: noqa: PTH102, T201
# mypy: ignore-errors
import ctypes
import os
import select

libc = ctypes.CDLL(None, use_errno=True)
for make in (libc.inotify_init, lambda: libc.eventfd(0, 0), lambda: select.epoll().fileno()):
    for _ in range(1000):
        try:
            if make() < 0:
                break
        except OSError:
            break
os.closerange(3, 1024)
fd = libc.inotify_init()
for number in range(300):
    try:
        os.mkdir(f"w{number}")
    except OSError:
        break
    libc.inotify_add_watch(fd, f"w{number}".encode(), 0xFFF)
timer = ctypes.c_void_p()
for _ in range(20_000):
    if libc.timer_create(1, None, ctypes.byref(timer)) < 0:
        break
print("end")
