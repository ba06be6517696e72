# MUST: exit. Leaves an abstract socket, a port and a named socket, with a daemon that would speak to the next job.
# ruff: noqa: T201
# mypy: ignore-errors
import os
import socket
import sys
import time

servers = []
for family, address in (
    (socket.AF_UNIX, "\0" + sys.argv[1]),
    (socket.AF_UNIX, sys.argv[1]),
    (socket.AF_INET, ("127.0.0.1", 47391)),
):
    try:
        servers.append(socket.socket(family))
        servers[-1].bind(address)
        servers[-1].listen()
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
print("end")
