# MUST: exit or disk_limit, only in isolation. Swaps its working directory for a link to / and back while it is ended.
# ruff: noqa: PTH104, PTH108, PTH109, PTH211, SIM105, T201
# mypy: ignore-errors
import os
import time

work = os.getcwd()
os.chdir("/")
print("end", flush=True)
for _ in range(3):
    if os.fork() == 0:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for change in (
                lambda: os.rename(work, work + ".moved"),
                lambda: os.symlink("/", work),
                lambda: os.unlink(work),
                lambda: os.rename(work + ".moved", work),
            ):
                try:
                    change()
                except OSError:
                    pass
        os._exit(0)
time.sleep(0.2)
os._exit(0)
