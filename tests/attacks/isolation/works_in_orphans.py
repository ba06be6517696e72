# MUST: cpu_limit. Lets short-lived orphans do its work, whose time is nobody's but the agent's to count.
# ruff: noqa: ANN201
# mypy: ignore-errors
import os
import time


def burn():
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass


while True:
    try:
        if os.fork() == 0:
            try:
                if os.fork() == 0:
                    burn()
            finally:
                os._exit(0)
        os.wait()
    except OSError:
        pass
    time.sleep(0.03)
