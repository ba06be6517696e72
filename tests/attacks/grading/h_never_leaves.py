# MUST: pass. Right, but deaf to signals, with threads and exit handlers that do not end; whoever closes has to end it.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import atexit
import signal
import threading
import time

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
    signal.signal(number, signal.SIG_IGN)
atexit.register(time.sleep, 60)
threading.Thread(target=time.sleep, args=(60,)).start()


def add(a, b):
    return a + b
