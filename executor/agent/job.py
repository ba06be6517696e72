"""The child: from a fork of trusted code to the job itself."""

# ruff: noqa: PTH103, PTH120, PTH123

from __future__ import annotations

import atexit
import contextlib
import os
import resource
import signal
import sys

from executor.agent.environment import ENVIRONMENT
from executor.agent.frames import Channel, read_message
from executor.agent.kernel import (
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    confine,
    filter_calls,
    prctl,
)
from executor.agent.processes import tasks_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

MIB = 1 << 20
MOST_FDS = 64  # that an agent or zygote may have open
# What a program in a fresh interpreter runs first: the modules that every program finds, its channel, its source.
FRESH_PROGRAM = """
import sys
exec(sys.argv.pop(1))
def program():
    from executor.agent.frames import Channel
    sys.path[:] = [entry for entry in sys.path if entry]
    incoming, outgoing, most = map(int, sys.argv.pop(1).split(","))
    channel, module = Channel(incoming, outgoing, max_frame=most), type(sys)("__main__")
    sys.modules["__main__"], module.__dict__["channel"] = module, channel
    return compile(channel.receive(), "<program>", "exec"), module.__dict__
exec(*program())
"""


class Streams:
    """The file descriptors between agent and child."""

    def __init__(self, *, program: bool) -> None:
        self.status_read, self.status_write = os.pipe()
        self.orders_read, self.orders_write = os.pipe()
        self.out_read, self.out_write = os.pipe()
        self.err_read, self.err_write = os.pipe()
        self.stdin_read, self.stdin_write = (os.open(os.devnull, os.O_RDONLY), -1) if program else os.pipe()
        self.incoming, self.to_program = os.pipe() if program else (-1, -1)
        self.from_program, self.outgoing = os.pipe() if program else (-1, -1)

    def of_child(self) -> list[int]:
        """What the child gets, in the order that ChildStreams takes."""
        ends = [self.status_write, self.orders_read, self.stdin_read, self.out_write, self.err_write]
        return ends + ([self.incoming, self.outgoing] if self.incoming >= 0 else [])

    def for_agent(self) -> None:
        """In the agent: the child's ends are gone; nothing that is read or written while it runs blocks."""
        for fd in self.of_child():
            os.close(fd)
        for fd in (self.out_read, self.err_read, self.stdin_write, self.to_program, self.from_program):
            if fd >= 0:
                os.set_blocking(fd, False)

    def close(self) -> None:
        """Close what is still open of the agent's ends."""
        for fd in (self.status_read, self.orders_write, self.out_read, self.err_read, self.from_program):
            close_quietly(fd)
        for fd in (self.stdin_write, self.to_program):
            close_quietly(fd)


class ChildStreams:
    """The child's ends of Streams, in the child."""

    def __init__(self, fds: list[int]) -> None:
        self.status, self.orders, stdin, out, err = fds[:5]
        self.incoming, self.outgoing = fds[5:] or (-1, -1)
        fds = [os.dup2(fd, place) for place, fd in enumerate((stdin, out, err))]
        keep = {*fds, self.status, self.orders, self.incoming, self.outgoing}
        for fd in range(MOST_FDS):
            if fd not in keep:
                close_quietly(fd)
        for fd in (self.status, self.orders, self.incoming, self.outgoing):
            if fd >= 0:
                os.set_inheritable(fd, False)  # noqa: FBT003  it has no name


def close_quietly(fd: int) -> None:
    """Close fd if it is open."""
    with contextlib.suppress(OSError):
        os.close(fd)


def seconds_up(seconds: float) -> int:
    """Whole seconds, rounded up, at least one: what RLIMIT_CPU takes."""
    return max(1, int(seconds) + (seconds > int(seconds)))


def set_limits(limits: dict[str, Any], *, alone: bool, must: bool) -> None:
    """Bind the calling process and all that come from it; `alone` says that no other program has its user."""
    cpu = seconds_up(limits["cpu_s"])
    others = 0 if alone else tasks_of(os.getuid())  # the limit counts all that the user runs
    for name, soft, hard in (
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_AS, limits["memory_mb"] * MIB, limits["memory_mb"] * MIB),
        (resource.RLIMIT_FSIZE, limits["file_mb"] * MIB, limits["file_mb"] * MIB),
        (resource.RLIMIT_NOFILE, limits["open_files"], limits["open_files"]),
        (resource.RLIMIT_NPROC, limits["processes"] + others, limits["processes"] + others),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_STACK, 8 * MIB, 8 * MIB),
    ):
        _limit(name, soft, hard, must=must)


def _limit(name: int, soft: int, hard: int, *, must: bool) -> None:
    """Set one resource limit, never above what is allowed already."""
    ceiling = resource.getrlimit(name)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    try:
        resource.setrlimit(name, (soft, hard))
    except (OSError, ValueError):
        if must:
            raise


def reset_signals() -> None:
    """What whoever started the host had it ignore (nohup, a shell's background) is not ignored by a job."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def become_job(config: dict[str, Any], orders: dict[str, Any]) -> None:
    """Give up everything that a job shall not have."""
    uid = orders["uid"]
    signal.set_wakeup_fd(-1)
    reset_signals()
    os.setsid()
    os.umask(0o022)
    set_limits(orders["limits"], alone=config["first"] or uid is not None, must=config["strict"])
    if uid is not None:
        if "landlock" in config:
            os.chown(config["work"], uid, uid)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_DUMPABLE, 1)
    if config["score"] and sys.platform == "linux":
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
            score.write("1000")  # the kernel shall take a job before an agent
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in config:
        confine(config["landlock"], config["work"])
        filter_calls(config["landlock"]["filters"])
    filter_calls(config["filters"])
    os.makedirs(config["work"], 0o700, exist_ok=True)
    os.chdir(config["work"])


def put_files(files: list[tuple[str, int]], blob: memoryview) -> None:
    """Write the job's files, which lie in blob one behind the other, below the current directory."""
    for name, size in files:
        parts = name.split("/")
        if not all(parts) or ".." in parts:
            raise ValueError(f"{name!r} is no relative path below the working directory")
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "wb") as target:
            target.write(blob[:size])
        blob = blob[size:]


def python_command() -> list[str]:
    """The sandbox's Python, deaf to the user's site-packages and, where it knows how, to files beside the script."""
    return [sys.executable, "-s"] + (["-P"] if sys.version_info >= (3, 11) else [])


def leave() -> None:
    """End this process after a job that came to its end, as the interpreter would, but for taking itself apart.

    That would take 8 ms. Whatever is unusual is left to the interpreter.
    """
    if sys.stdout is not sys.__stdout__ or sys.stderr is not sys.__stderr__:
        return
    streams: list[Any] = [sys.stdout, sys.stderr]
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()  # noqa: SLF001  there is no public way to what the interpreter does at its end
    atexit._run_exitfuncs()  # noqa: SLF001
    try:
        for stream in streams:
            stream.flush()
    except (OSError, ValueError, AttributeError):  # full, closed, or None
        return
    os._exit(0)


class Child:
    """In the child, from its birth on; what is to be executed is handed back, for the bottom of the stack."""

    def __init__(self, config: dict[str, Any], streams: ChildStreams, library: str) -> None:
        self._config, self._streams, self._library, self._hash_seed = config, streams, library, 0

    def prepared(self) -> tuple[Any, dict[str, Any]]:
        """Become the job; returns only for what runs in this process: the code and its namespace."""
        stage = "setup: "
        try:
            found = read_message(self._streams.orders)
            if found is None:
                os._exit(0)
            orders, blob = found
            become_job(self._config, orders)
            os.write(self._streams.status, b"R")
            if not os.read(self._streams.orders, 1):
                os._exit(0)
            os.close(self._streams.orders)
            stage = "exec: "
            self._hash_seed = orders["hash_seed"]
            if orders["mode"] == "job":
                self._start_job(orders, memoryview(blob))
            elif orders["fresh"]:
                self._start_fresh_program()
            os.close(self._streams.status)
            stage = ""
            return self._in_this_process(orders, blob)
        except BaseException as fault:  # noqa: BLE001  whatever it is, it is told and this child ends
            self._end(stage, fault)

    def _end(self, stage: str, fault: BaseException) -> NoReturn:
        """Tell the agent that the job could not begin; what does not compile ends like any other that raises."""
        if stage:
            said = f"{stage}{type(fault).__name__}: {fault}".encode("utf-8", "replace")[:1000]
            os.write(self._streams.status, said)
            os._exit(127)
        sys.excepthook(type(fault), fault, fault.__traceback__)
        sys.stderr.flush()
        os._exit(1)

    def _start_job(self, orders: dict[str, Any], blob: memoryview) -> None:
        """Become the job's program; returns if it is a script for this very process."""
        put_files(orders["files"], blob)
        argv = list(orders["argv"])
        if not argv:
            raise ValueError("the command is empty")
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores and its children would, too
            if orders["fresh"] or argv[0] != "python":
                signal.signal(number, signal.SIG_DFL)
        if argv[0] == "python" and not orders["fresh"]:
            return
        argv[:1] = python_command() if argv[0] == "python" else argv[:1]
        self._execute(argv)

    def _start_fresh_program(self) -> NoReturn:
        """A new interpreter instead of a fork; its source is the first frame that it gets."""
        fds = (self._streams.incoming, self._streams.outgoing)
        for fd in fds:
            os.set_inheritable(fd, True)  # noqa: FBT003
        told = ",".join(map(str, (*fds, self._config["max_frame"])))
        self._execute([sys.executable, "-s", "-S", "-c", FRESH_PROGRAM, self._library, told])

    def _execute(self, argv: list[str]) -> NoReturn:
        own = {"HOME": self._config["work"], "PYTHONHASHSEED": str(self._hash_seed)}
        os.execvpe(argv[0], argv, {**ENVIRONMENT, **own})  # noqa: S606  what a sandbox does

    def _in_this_process(self, orders: dict[str, Any], blob: bytes) -> tuple[Any, dict[str, Any]]:
        """A fresh `__main__` that knows nothing of the agent; a program's knows its `channel`."""
        module = type(sys)("__main__")
        sys.modules["__main__"] = module
        sys.path[:] = [entry for entry in sys.path if entry]
        os.environ["HOME"] = self._config["work"]
        if orders["mode"] == "program":
            streams = self._streams
            module.__dict__["channel"] = Channel(
                streams.incoming, streams.outgoing, max_frame=self._config["max_frame"]
            )
            return compile(blob, "<program>", "exec"), module.__dict__
        sys.argv[:] = orders["argv"][1:]
        script = os.path.abspath(sys.argv[0])  # noqa: PTH100
        module.__dict__["__file__"] = script
        with open(script, "rb") as source:
            return compile(source.read(), script, "exec"), module.__dict__
