# MUST: exit, only in a namespace. Daemons stop, end and continue every process that is not theirs until they are ended themselves.
# ruff: noqa: E501, SIM105, T201
# mypy: ignore-errors
import os
import signal
import time

mine = os.getpid()
for number in (signal.SIGSTOP, signal.SIGKILL, signal.SIGTSTP, signal.SIGUSR1):
    if os.fork() == 0:
        os.setsid()
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for pid in range(1, mine):
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
        os._exit(0)
time.sleep(0.1)
print("end", flush=True)
os._exit(0)
