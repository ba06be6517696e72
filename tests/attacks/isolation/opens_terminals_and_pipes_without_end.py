# MUST: exit, only in isolation. Holds as many terminals and full pipes as it may, in all the processes that it may have.
# ruff: noqa: E501, T201
# mypy: ignore-errors
import fcntl
import os
import time

children = []
for _ in range(20):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        try:
            while True:
                os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
                incoming, outgoing = os.pipe()
                fcntl.fcntl(outgoing, fcntl.F_SETPIPE_SZ, 1 << 20)
                os.set_blocking(outgoing, False)
                os.write(outgoing, bytes(1 << 20))
        except OSError:
            pass
        time.sleep(30)
        os._exit(0)
time.sleep(0.3)
print("end", flush=True)
os._exit(0)
