"""An isolation that is a local process with three pipes: what the process, bubblewrap and landlock kinds share."""

import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from executor.host_processes import children, is_stopped
from executor.isolation import Exchange, Loss
from executor.sandbox import Status
from utils.errors import SandboxFault

CHUNK = 1 << 16
KILL_GRACE_S = 1.0


class PipeIsolation:
    """An agent behind three pipes; `on_dispose` is called once when all of it is gone; `walled`: no job can stop it."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        kind: str,
        walled: bool = False,
        on_dispose: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_dispose, self._disposed, self._walled = on_dispose, False, walled
        pipe = subprocess.PIPE
        try:  # a session of its own: Ctrl-C at the terminal is not for the sandbox
            self._process = subprocess.Popen(
                argv, env=environment, cwd="/", stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True
            )
        except OSError as fault:
            on_dispose()
            raise SandboxFault(f"the {kind} sandbox cannot start {argv[0]}: {fault}") from fault
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._input, self._data, self._errors = self._process.stdin, self._process.stdout, self._process.stderr
        self._open = {self._data.fileno(), self._errors.fileno()}
        for stream in (self._input, self._data, self._errors):
            os.set_blocking(stream.fileno(), False)

    def exchange(self, outgoing: memoryview, *, timeout_s: float) -> Exchange:
        """Write some of outgoing, read what is there, wait no longer than timeout_s for the first of it."""
        poller = select.poll()
        if outgoing and not self._input.closed:
            poller.register(self._input, select.POLLOUT)
        for fd in self._open:
            poller.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poller.poll(timeout_s * 1000)}
        written = self._write(outgoing) if not self._input.closed and self._input.fileno() in ready else 0
        data = self._read(self._data.fileno()) if self._data.fileno() in ready else b""
        errors = self._read(self._errors.fileno()) if self._errors.fileno() in ready else b""
        return Exchange(written=written, data=data, errors=errors, ended=not self._open)

    def _write(self, outgoing: memoryview) -> int:
        try:
            return os.write(self._input.fileno(), outgoing[:CHUNK])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            self._input.close()
            return 0

    def _read(self, fd: int) -> bytes:
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._open.discard(fd)
        return data

    def kill(self) -> None:
        """Let the agent clean up if it still can, then end it; with PID 1 goes its whole namespace."""
        self._input.close()
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(KILL_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def stopped(self) -> bool:
        """Whether its first process, or the one below that, is stopped; never where a job can do that."""
        return self._walled and any(map(is_stopped, (self._process.pid, *children(self._process.pid))))

    def loss(self) -> Loss:
        """A local agent that falls silent counts as ended by its job.

        As PID 1 it cannot be reached from inside, but the kernel may end it when a job eats the machine's memory,
        and in the process kind a job can simply kill it.
        """
        return Loss(Status.SIGNAL, "the sandbox ended with the job")

    def dispose(self) -> None:
        """Wait for its end and close everything."""
        if self._disposed:
            return
        self._disposed = True
        for stream in (self._input, self._data, self._errors):
            stream.close()
        try:
            self._process.wait(KILL_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._on_dispose()
