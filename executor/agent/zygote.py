"""The process that jobs are forked from. It is made before any job's data arrives, and never holds any."""

from __future__ import annotations

import os
import signal
import socket
import struct

from executor.agent.job import close_quietly

PID = struct.Struct("=i")
MOST_FDS = 8
ANSWER_S, BEAR_S = 3.0, 10.0  # less than the host waits for a clean slot, and for a job to begin
BEAR, ANSWER = b"J", b"A"


def fork_orphan() -> int:
    """A child of this process's reaper: 0 in it, its id here, -1 if there can be none."""
    told_read, told_write = os.pipe()
    middle = os.fork()
    if middle == 0:
        child = -1
        try:
            child = os.fork()
        finally:
            if child:
                os.write(told_write, PID.pack(child))
                os._exit(0)
        os.close(told_read)
        os.close(told_write)
        return 0
    os.close(told_write)
    told = os.read(told_read, PID.size)
    os.close(told_read)
    os.waitpid(middle, 0)  # from here on the child has its reaper as its parent
    return PID.unpack(told)[0] if len(told) == PID.size else -1


class Zygote:
    """The agent's end: asks for children."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid, self._line = pid, line

    def bear(self, fds: list[int]) -> int:
        """The id of a new child that holds copies of these file descriptors and waits for its orders.

        Raises:
            RuntimeError: there is none.
            OSError: the zygote is gone or does not answer.
        """
        self._line.settimeout(BEAR_S)
        socket.send_fds(self._line, [BEAR], fds)
        told = self._line.recv(PID.size)
        pid = PID.unpack(told)[0] if len(told) == PID.size else -1
        if pid <= 0:
            raise RuntimeError("the zygote could not fork")
        return pid

    def answers(self) -> bool:
        """Whether it is there, and no signal of a job waits to end or stop it: that would come before the answer."""
        self._line.settimeout(ANSWER_S)
        try:
            self._line.send(ANSWER)
            return len(self._line.recv(PID.size)) == PID.size
        except OSError:
            return False


def serve(line: socket.socket) -> list[int]:
    """In the zygote: bear children until the agent is gone. Returns in each child only, with its descriptors."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        data, fds, _flags, _address = socket.recv_fds(line, 1, MOST_FDS)
        if not data:
            os._exit(0)
        pid = fork_orphan() if data == BEAR else os.getpid()
        if pid == 0:
            line.close()
            return fds
        for fd in fds:
            close_quietly(fd)
        line.send(PID.pack(pid))
