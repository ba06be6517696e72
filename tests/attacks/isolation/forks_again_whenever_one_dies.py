# MUST: timeout or cpu_limit, only in isolation. Small processes, each of its own session, that replace each other as long as one lives.
# ruff: noqa: E501, PTH123, SIM105
# mypy: ignore-errors
import os
import signal
import sys
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
open(sys.argv[1], "w").close()
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
first = os.getpid()
while True:
    try:
        if os.fork() == 0:
            os.setsid()
        else:
            time.sleep(0.002)
            if os.fork():
                time.sleep(0.01) if os.getpid() == first else os._exit(0)
    except OSError:
        time.sleep(0.005)
