# MUST: exit, only in isolation. Leaves ports in TIME_WAIT, half-open connections, and numbers in the network's counters.
# ruff: noqa: E501, SIM105, T201
# mypy: ignore-errors
import os
import socket

try:
    kept = []
    for number in range(8):
        server = socket.create_server(("127.0.0.1", 47391 + number))
        client = socket.create_connection(server.getsockname())
        served, _ = server.accept()
        served.send(b"for the next one")
        (served if number % 2 else client).close()
        kept += [server, client, served]
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    for number in range(47):
        datagrams.sendto(bytes(number), ("::1", 4711))
except OSError:
    pass
for address in (("10.1.1.1", 80), ("127.0.0.1", 1)):
    try:
        socket.create_connection(address, timeout=0.1)
    except OSError:
        pass
print("end", flush=True)
os._exit(0)
