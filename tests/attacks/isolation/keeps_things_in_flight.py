# MUST: exit, only in isolation. Sends sockets to each other that hold files which are gone, ports and themselves, and ends.
# ruff: noqa: ANN001, ANN201, E501, PTH108, T201
# mypy: ignore-errors
import array
import os
import socket


def sent(through, fds):
    through.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


try:
    for number in range(20):
        one, other = socket.socketpair()
        fd = os.open(f"gone{number}", os.O_CREAT | os.O_RDWR)
        os.write(fd, bytes(100_000))
        os.unlink(f"gone{number}")
        held = [one.fileno(), other.fileno(), fd, os.open(".", os.O_RDONLY)]
        if number == 0:
            port = socket.create_server(("127.0.0.1", 47391))
            name = socket.socket(socket.AF_UNIX)
            name.bind("\0" + __import__("sys").argv[1])
            name.listen()
            held += [port.fileno(), name.fileno()]
        sent(one, held)
        sent(other, held)
except OSError:
    pass
print("end", flush=True)
os._exit(0)
