# MUST: exit, only in a namespace. Names others as the owners of its pipes, sockets and leases, whose events then signal them.
# ruff: noqa: E501, SIM105, T201
# mypy: ignore-errors
import fcntl
import os
import signal
import socket

F_SETSIG, F_SETOWN_EX = 10, 15
kept = [*socket.socketpair(), *socket.socketpair()]
fds = [0, 1, 2, *os.pipe(), *(each.fileno() for each in kept), os.open(".", os.O_RDONLY), os.open("f", os.O_CREAT)]
for pid in [*range(1, os.getpid()), -1]:
    for fd in fds:
        for command, value in (
            (fcntl.F_SETOWN, pid),
            (F_SETSIG, signal.SIGKILL),
            (fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK),
            (fcntl.F_NOTIFY, 0x8000003F),
            (fcntl.F_SETLEASE, fcntl.F_RDLCK),
        ):
            try:
                fcntl.fcntl(fd, command, value)
            except OSError:
                pass
    for each in kept:
        try:
            each.send(b"x")
        except OSError:
            pass
for fd in (1, 2):
    fcntl.fcntl(fd, fcntl.F_SETFL, 0)
signal.alarm(0)
print("end", flush=True)
os._exit(0)
