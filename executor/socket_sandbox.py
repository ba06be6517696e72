"""Runs jobs in sandboxes that are services of their own: their agents dial a unix socket that this program listens on.

Made for compose: a sandbox is a container without a network that restarts for ever and shares one folder with the
loop, so that no container ever holds the Docker socket. What a service says of itself is checked before it gets a job;
what it may use is the compose file's to limit. It does not cover: kernel exploits, side channels.
"""

import contextlib
import os
import queue
import socket
import struct
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from select import POLLIN, POLLOUT, poll
from typing import Any

from executor.isolation import Exchange
from executor.pooled_sandbox import PooledSandbox
from executor.sandbox import Limits, Tier
from executor.seccomp import seccomp_digest
from executor.slots import PoolRules
from utils.errors import SandboxFault

CHUNK = 1 << 16
BACKLOG = 64
LOOK_S = 0.2
START_S = 30.0
PEER = struct.Struct("=3i")  # struct ucred: pid, uid, gid
SETUID_AND_SETGID = "00000000000000c0"
GAPS = (
    "the host's kernel is shared",
    "what all processes of a job may use together is what the service was given, not the job's own limit",
)


class SocketIsolation:
    """An agent behind a connection that it made."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._ended = line, False
        line.settimeout(0)

    def exchange(self, outgoing: memoryview, *, timeout_s: float) -> Exchange:
        """Write some of outgoing, read what is there, wait no longer than timeout_s for the first of it."""
        poller = poll()
        poller.register(self._line, (POLLOUT if outgoing else 0) | (0 if self._ended else POLLIN))
        ready = dict(poller.poll(timeout_s * 1000)).get(self._line.fileno(), 0)
        data = self._read() if ready & ~POLLOUT and not self._ended else b""
        written = 0
        if ready & POLLOUT:
            with contextlib.suppress(OSError):  # full, or gone, which the next read tells
                written = self._line.send(outgoing[:CHUNK])
        return Exchange(written=written, data=data, ended=self._ended)

    def _read(self) -> bytes:
        try:
            data = self._line.recv(CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self._ended = not data
        return data

    def kill(self) -> None:
        """Hang up: the agent ends what runs, cleans up, and dials again."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def stopped(self) -> bool:
        """Always, if it falls silent beyond every limit: nothing inside reaches it."""
        return True

    def loss(self) -> None:
        """An agent that is gone was ended from outside: nothing inside reaches it."""

    def dispose(self) -> None:
        """Hang up."""
        self._line.close()


class Listener:
    """The socket, and the agents that have dialled it and wait for work."""

    def __init__(self, path: Path) -> None:
        """Listen.

        Raises:
            SandboxFault: nobody can listen there, or somebody else does.
        """
        self._path, self._dialled, self._closed = path, queue.SimpleQueue[socket.socket](), threading.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _make_way(path)
            self._socket.bind(str(path))
            path.chmod(0o600)
            self._socket.listen(BACKLOG)
        except OSError as fault:
            self._socket.close()
            raise SandboxFault(f"cannot listen for sandbox services at {path}: {fault}") from fault
        self._socket.settimeout(LOOK_S)
        self._thread = threading.Thread(target=self._accept, name="sandbox-listener", daemon=True)
        self._thread.start()

    def next(self, *, within_s: float) -> socket.socket:
        """An agent that is there.

        Raises:
            SandboxFault: none came in time.
        """
        until = time.monotonic() + within_s
        while time.monotonic() < until and not self._closed.is_set():
            with contextlib.suppress(queue.Empty):
                line = self._dialled.get(timeout=LOOK_S)
                if _is_there(line):
                    return line
                line.close()
        raise SandboxFault(
            f"no sandbox service has dialled {self._path} in {within_s:g} s, or all are busy: "
            "start two for each worker, and one to spare (docker compose up --scale sandbox=5)"
        )

    def stop_waiting(self) -> None:
        """Whoever waits for an agent, or will, gets none."""
        self._closed.set()

    def close(self) -> None:
        """Listen no longer, hang up on those that wait."""
        self._closed.set()
        self._thread.join()
        self._socket.close()
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(queue.Empty):
            while True:
                self._dialled.get_nowait().close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                line, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:  # too many open files, or closed: another look tells
                self._closed.wait(LOOK_S)
                continue
            _, uid, _ = PEER.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))
            if uid == os.geteuid():
                self._dialled.put(line)
            else:  # an agent takes the socket owner's id to dial; a job cannot
                line.close()


def _make_way(path: Path) -> None:
    """See to the folder, which is for its owner only, and remove a socket on which nobody listens any more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError("another program listens there")


def _is_there(line: socket.socket) -> bool:
    """Whether the other end has not hung up, whatever it said before."""
    poller = poll()
    poller.register(line, 0)
    return not poller.poll(0)


def flaws_of(facts: Mapping[str, Any]) -> list[str]:
    """What is wrong with a service that says this of itself; empty if it may run untrusted code."""
    wanted = {
        "network": ([], "it has a network: give it network_mode none"),
        "read_only_root": (True, "its root file system can be written to: set read_only"),
        "capabilities": (SETUID_AND_SETGID, "it has other capabilities than SETUID and SETGID"),
        "no_new_privileges": ("1", "it may gain privileges: set no-new-privileges"),
        "seccomp": ("2", "no seccomp profile is in force"),
        "profile": (seccomp_digest(), "its agent is of another version: build its image anew"),
    }
    return [words for name, (value, words) in wanted.items() if facts.get(name) != value]


class SocketSandbox(PooledSandbox):
    """Runs jobs in sandbox services.

    Args:
        path: of the socket; its folder is made for its owner only.
        reason: why this kind was chosen, for the tier.
        start_s: how long a job waits for a service.

    Raises:
        SandboxFault: nobody can listen there.
    """

    def __init__(self, path: Path, *, reason: str = "asked for", start_s: float = START_S) -> None:
        self._listener, self._start_s = Listener(path), start_s
        tier = Tier(kind="socket", safe=True, reason=reason, gaps=GAPS, profile=seccomp_digest())
        rules = PoolRules(jobs=1 << 30, life_s=float("inf"), spares=0, most_idle=BACKLOG, start_s=start_s)
        super().__init__(tier, self._launch, rules=rules, check=_check)

    def close(self) -> None:
        """Hang up on all services."""
        self._listener.stop_waiting()
        super().close()
        self._listener.close()

    def _launch(self, limits: Limits) -> SocketIsolation:
        del limits  # checked against what the service has, once that is known
        return SocketIsolation(self._listener.next(within_s=self._start_s))


def _check(facts: Mapping[str, Any], limits: Limits) -> str:
    """Why a service cannot be given a job with such limits; empty if it can."""
    if flaws := flaws_of(facts):
        return f"a sandbox service is not safe: {'; '.join(flaws)}"
    wanted = {"memory_mb": limits.memory_mb + limits.file_mb, "file_mb": limits.file_mb, "inodes": limits.inodes}
    short = [f"{facts[name]} {name} of {value}" for name, value in wanted.items() if facts.get(name, value) < value]
    return f"a sandbox service has only {' and '.join(short)}: give it more" if short else ""
