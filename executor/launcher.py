"""The trusted first process of every sandbox: starts one job or program, watches it, leaves nothing of it.

Stand-alone: standard library only, Python 3.9 or later, read as text by the host and executed inside the sandbox.
It runs as PID 1 of an isolation (bubblewrap, a container) or as a child sub-reaper (process and landlock kind).

Three streams. fd 0: one header (u32, JSON), then frames for a program. fd 1: a program's frames, untrusted.
fd 2: this launcher's own reports, which no job inherits: `started`, then one `result`; or `error` before `started`.
When fd 0 hangs up, the host is gone or has had enough, and the job is ended.

What keeps a job from forging or losing a report: the launcher is not dumpable (no ptrace, no /proc/1/fd), has
another uid where it is root, is PID 1 (signals from inside do not reach it) or outside of the job's Landlock domain;
in the process kind it is not protected. What a landlock job may reach is told in the launcher's argument.
"""

# pathlib would add 3.7 ms to the 20 ms that a launcher takes to start
# ruff: noqa: PTH103, PTH116, PTH120, PTH123, PTH208

from __future__ import annotations

import binascii
import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

MIB = 1 << 20
TICK_S = 0.25
DISK_TICK_S = 0.05
MOST_ENTRIES = 10_000  # of a landlock job's folder
CHUNK = 1 << 16
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",
}
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF, LANDLOCK_RULE_PATH_BENEATH = 444, 445, 446, 1
OWN_PID = struct.pack("=I", 0x7FFFFFFF)  # stands in the landlock kind's filter for the id of the job's first process
LIBC = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int, pointer: object = 0) -> None:
    """The kernel's prctl; nothing where there is none (macOS)."""
    if sys.platform == "linux" and LIBC.prctl(option, ctypes.c_ulong(value), pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


class FilterProgram(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def filter_calls(filters: dict[str, str]) -> None:
    """Install the host's seccomp filter for this machine on this process for good, if there is one."""
    code = binascii.a2b_base64(filters.get(os.uname().machine, "")).replace(OWN_PID, struct.pack("=I", os.getpid()))
    if code and sys.platform == "linux":
        prctl(PR_SET_SECCOMP, 2, ctypes.byref(FilterProgram(len(code) // 8, code)))


def landlock(call: int, *arguments: object) -> int:
    """One of Landlock's system calls, which libc has no names for."""
    result = int(LIBC.syscall(call, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"landlock call {call}")
    return result


def confine(orders: dict[str, Any], work: str) -> None:
    """Shut this process for good into a Landlock domain: the host's rules, and the job's own folder."""
    attributes = binascii.a2b_base64(orders["attributes"])
    ruleset = landlock(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    for path, rights in [*orders["rules"], [work, orders["work"]]]:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        landlock(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
        os.close(beneath)
    landlock(LANDLOCK_RESTRICT_SELF, ruleset, orders["flags"])
    os.close(ruleset)


# --- Words between launcher, host and program -----------------------------------------------------------------------


def read_exactly(fd: int, size: int) -> bytes | None:
    """`size` bytes from fd, or None when it ends before."""
    parts = []
    while size:
        part = os.read(fd, min(size, MIB))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write_all(fd: int, data: bytes) -> None:
    """Write all of data to a blocking fd."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read_frame(fd: int) -> bytes | None:
    """One frame (u32 big-endian length, bytes), or None at the end of the stream."""
    head = read_exactly(fd, 4)
    return None if head is None else read_exactly(fd, struct.unpack(">I", head)[0])


def write_frame(fd: int, frame: bytes) -> None:
    """Write one frame."""
    write_all(fd, struct.pack(">I", len(frame)) + frame)


class Channel:
    """What a program finds as `channel`: frames from and to the host."""

    def __init__(self, incoming: int, outgoing: int, *, max_frame: int) -> None:
        self._incoming, self._outgoing, self._max_frame = incoming, outgoing, max_frame

    def receive(self) -> bytes | None:
        """The host's next frame, or None when the host has closed."""
        return read_frame(self._incoming)

    def send(self, frame: bytes) -> None:
        """Hand one frame to the host; ValueError beyond the largest size."""
        if len(frame) > self._max_frame:
            raise ValueError(f"a frame may have {self._max_frame} bytes, this one has {len(frame)}")
        write_frame(self._outgoing, frame)


def text64(data: bytes) -> str:
    """Base64 for JSON."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


class Capture:
    """What is kept of one output stream: the first and the last `half` bytes, and the count of all."""

    def __init__(self, half: int) -> None:
        self.half, self.head, self.tail, self.total = half, b"", bytearray(), 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self.total += len(data)
        room = self.half - len(self.head)
        self.head += data[:room] if room > 0 else b""
        self.tail += data[max(room, 0) :]
        if len(self.tail) > self.half:
            del self.tail[: len(self.tail) - self.half]

    def report(self) -> dict[str, Any]:
        """The stream's part of the result."""
        return {"head": text64(self.head), "tail": text64(bytes(self.tail)), "total": self.total}


# --- The child: from a fork of the launcher to the job --------------------------------------------------------------


def limit(name: int, soft: int, hard: int | None = None, *, must: bool) -> None:
    """Set one resource limit, never above what is allowed already."""
    ceiling = resource.getrlimit(name)[1]
    wanted = [soft, soft if hard is None else hard]
    if ceiling != resource.RLIM_INFINITY:
        wanted = [min(value, ceiling) for value in wanted]
    try:
        resource.setrlimit(name, (wanted[0], wanted[1]))
    except (OSError, ValueError):
        if must:
            raise


def tasks_of(uid: int) -> int:
    """How many processes and threads the user has now; 0 where /proc cannot tell."""
    count = 0
    for entry in os.listdir("/proc") if sys.platform == "linux" else []:
        try:
            status = os.stat(f"/proc/{entry}/task") if entry.isdigit() else None
        except OSError:
            continue
        count += status.st_nlink - 2 if status is not None and status.st_uid == uid else 0
    return count


def set_limits(header: dict[str, Any]) -> None:
    """Bind the calling process and all that come from it to the header's limits."""
    limits, must = header["limits"], header["kind"] != "process"
    cpu = seconds_up(limits["cpu_s"])
    alone = header["pid1"] or header["uid"] is not None
    others = 0 if alone else tasks_of(os.getuid())  # the limit counts all that the user runs
    limit(resource.RLIMIT_CPU, cpu, cpu + 1, must=must)
    limit(resource.RLIMIT_AS, limits["memory_mb"] * MIB, must=must)
    limit(resource.RLIMIT_FSIZE, limits["file_mb"] * MIB, must=must)
    limit(resource.RLIMIT_NOFILE, limits["open_files"], must=must)
    limit(resource.RLIMIT_NPROC, limits["processes"] + others, must=must)
    limit(resource.RLIMIT_CORE, 0, must=must)
    limit(resource.RLIMIT_STACK, 8 * MIB, must=must)


def seconds_up(seconds: float) -> int:
    """Whole seconds, rounded up, at least one: what RLIMIT_CPU takes."""
    return max(1, int(seconds) + (seconds > int(seconds)))


def become_job(header: dict[str, Any], uid: int | None) -> None:
    """Give up everything that a job shall not have."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.umask(0o022)
    set_limits(header)
    if uid is not None:
        if "landlock" in header:
            os.chown(header["work"], uid, uid)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_DUMPABLE, 1)
    if sys.platform == "linux":
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
            score.write("1000")  # the kernel shall take a job before a launcher
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in header:
        confine(header["landlock"], header["work"])
        filter_calls(header["landlock"]["filters"])
    filter_calls(header["filters"])
    os.makedirs(header["work"], 0o700, exist_ok=True)
    os.chdir(header["work"])


def put_files(files: dict[str, str]) -> None:
    """Write the job's files below the working directory, which is where the caller is."""
    for name, data in files.items():
        parts = name.split("/")
        if not all(parts) or ".." in parts:
            raise ValueError(f"{name!r} is no relative path below the working directory")
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "wb") as target:
            target.write(binascii.a2b_base64(data))


def python_command() -> list[str]:
    """The sandbox's Python, deaf to the user's site-packages and to files beside the script."""
    return [sys.executable, "-s"] + (["-P"] if sys.version_info >= (3, 11) else [])


def execute(header: dict[str, Any]) -> NoReturn:
    """Become the job's program."""
    put_files(header["files"])
    argv = list(header["argv"])
    if not argv:
        raise ValueError("the command is empty")
    argv[:1] = python_command() if argv[0] == "python" else argv[:1]
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores and its children would, too
        signal.signal(number, signal.SIG_DFL)
    os.execvpe(argv[0], argv, {**ENVIRONMENT, "HOME": header["work"]})  # noqa: S606  that is what a sandbox does


def load_program(header: dict[str, Any], streams: Streams) -> tuple[Any, dict[str, Any]]:
    """The program's code and its namespace: a fresh `__main__` that knows `channel` and nothing of the launcher."""
    module = type(sys)("__main__")
    module.__dict__["channel"] = Channel(streams.incoming, streams.outgoing, max_frame=header["max_frame"])
    sys.modules["__main__"] = module
    sys.path[:] = [entry for entry in sys.path if entry]
    os.environ["HOME"] = header["work"]
    return compile(header["source"], "<program>", "exec"), module.__dict__


class Streams:
    """The file descriptors between launcher and child."""

    def __init__(self, *, program: bool) -> None:
        self.status_read, self.status_write = os.pipe()
        self.go_read, self.go_write = os.pipe()
        self.out_read, self.out_write = os.pipe()
        self.err_read, self.err_write = os.pipe()
        self.incoming = os.dup(0) if program else -1
        self.outgoing = os.dup(1) if program else -1
        self.stdin_read, self.stdin_write = (os.open(os.devnull, os.O_RDONLY), -1) if program else os.pipe()

    def for_child(self, control: int) -> None:
        """In the child: 0, 1, 2 are the job's, the launcher's ends are gone."""
        os.dup2(self.stdin_read, 0)
        os.dup2(self.out_write, 1)
        os.dup2(self.err_write, 2)
        keep = {self.status_write, self.go_read, self.incoming, self.outgoing}
        for fd in range(3, 64):
            if fd not in keep:
                close_quietly(fd)
        assert control not in keep

    def for_launcher(self) -> None:
        """In the launcher: the child's ends are gone; nothing that is read or written here blocks."""
        for fd in (self.status_write, self.go_read, self.out_write, self.err_write, self.stdin_read):
            os.close(fd)
        for fd in (self.incoming, self.outgoing):
            close_quietly(fd)
        for fd in (self.out_read, self.err_read, self.stdin_write):
            if fd >= 0:
                os.set_blocking(fd, False)


def close_quietly(fd: int) -> None:
    """Close fd if it is open."""
    with contextlib.suppress(OSError):
        os.close(fd)


def run_child(header: dict[str, Any], streams: Streams, control: int) -> tuple[Any, dict[str, Any]]:
    """In the child: become the job; a program's code is handed back to be executed at the bottom of the stack."""
    stage = b"setup: "
    try:
        streams.for_child(control)
        become_job(header, header["uid"])
        os.write(streams.status_write, b"R")
        if not os.read(streams.go_read, 1):
            os._exit(0)
        os.close(streams.go_read)
        stage = b"exec: "
        if header["mode"] == "job":
            execute(header)
        os.close(streams.status_write)
    except BaseException as fault:  # noqa: BLE001  whatever it is, it is told and this child ends
        os.write(streams.status_write, stage + f"{type(fault).__name__}: {fault}".encode("utf-8", "replace")[:1000])
        os._exit(127)
    try:
        return load_program(header, streams)
    except BaseException:  # noqa: BLE001  a program that does not compile ends like any other that raises
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)


# --- Processes ------------------------------------------------------------------------------------------------------


class Process:
    """One line of /proc: parent, state, used CPU seconds with those of the children it waited for."""

    def __init__(self, stat: str) -> None:
        fields = stat[stat.rindex(")") + 2 :].split()
        self.state, self.parent = fields[0], int(fields[1])
        self.cpu_s = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def all_processes() -> dict[int, Process]:
    """Every process that /proc shows."""
    found = {}
    for entry in os.listdir("/proc") if sys.platform == "linux" else []:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                    found[int(entry)] = Process(stat.read())
            except (OSError, ValueError):
                continue  # it has ended meanwhile
    return found


def job_processes() -> dict[int, Process]:
    """The launcher's descendants; all that come from a job are among them, as orphans go to PID 1 or the sub-reaper."""
    everyone = all_processes()
    mine = {os.getpid()}
    grown = True
    while grown:
        more = {pid for pid, process in everyone.items() if process.parent in mine} - mine
        mine |= more
        grown = bool(more)
    mine.discard(os.getpid())
    return {pid: everyone[pid] for pid in mine}


def kill_quietly(pid: int, number: int) -> None:
    """Signal pid if it is there."""
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def kill_all_as(uid: int | None) -> None:
    """As PID 1: end every process of the job. One kill(-1) is complete: the kernel lets no fork slip past it.

    A root launcher has no CAP_KILL; it borrows the job's uid, and is no target itself by its real and saved uid.
    """
    if os.getpid() != 1:  # the real uid counts, too: outside a namespace of its own this would end all that root runs
        raise RuntimeError("only PID 1 of a namespace may end everything")
    if uid is not None:
        os.setresuid(-1, uid, -1)
    kill_quietly(-1, signal.SIGKILL)
    if uid is not None:
        os.setresuid(-1, 0, -1)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of the effective uid clears it


def kill_descendants(child: int) -> None:
    """Without a namespace: stop everything first so that nothing forks away, then end it."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    stopped: set[int] = set()
    while fresh := {pid for pid, process in job_processes().items() if process.state not in "ZX"} - stopped:
        for pid in fresh:
            kill_quietly(pid, signal.SIGSTOP)
        stopped |= fresh
    for pid in stopped:
        kill_quietly(pid, signal.SIGKILL)


class Ended:
    """How the job's first process ended: wait status and resource usage."""

    def __init__(self, status: int, usage: resource.struct_rusage) -> None:
        self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        self.exit_code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / (MIB if sys.platform == "darwin" else 1024)


def cgroup_oom_kills(*, inside: bool) -> int:
    """How many processes the kernel ended in this container for lack of memory; 0 where no cgroup tells."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control") if inside else ():
        try:
            with open(path, encoding="ascii") as counters:
                return sum(int(line.split()[1]) for line in counters if line.startswith("oom_kill "))
        except OSError:
            continue
    return 0


def disk_use(folder: str) -> tuple[int, int]:
    """Bytes on disk, and the number of entries, of a folder; links are not followed.

    Raises:
        OSError: something in it cannot be looked at: the job hides it.
    """
    size = count = 0
    folders = [folder]
    while folders and count <= MOST_ENTRIES:
        with contextlib.suppress(FileNotFoundError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                count += 1
                if count > MOST_ENTRIES:
                    break
                with contextlib.suppress(FileNotFoundError):  # it is gone meanwhile
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    folders += [entry.path] if entry.is_dir(follow_symlinks=False) else []
    return size, count


# --- Watching -------------------------------------------------------------------------------------------------------


class Watch:
    """One job from go to its report."""

    def __init__(self, header: dict[str, Any], child: int, streams: Streams, wake: int) -> None:
        self.header, self.limits, self.child, self.streams, self.wake = header, header["limits"], child, streams, wake
        self.stdin = memoryview(binascii.a2b_base64(header["stdin"]))
        self.captures = {fd: Capture(self.limits["output_kb"] * 512) for fd in (streams.out_read, streams.err_read)}
        self.outputs = list(self.captures.values())
        self.told = b""
        self.reason, self.at_deadline, self.remark = "", "timeout", ""
        self.ended: Ended | None = None
        self.reaped_cpu_s = self.seen_cpu_s = 0.0
        self.began = self.finished = time.monotonic()
        self.deadline = self.began + self.limits["wall_s"]
        self.next_look = self.began + TICK_S
        self.next_disk_look = self.began + DISK_TICK_S if "landlock" in header else float("inf")
        self.poller = select.poll()

    def until_end(self) -> None:
        """Serve the job's streams until its first process has ended or a limit is reached."""
        self.register()
        while self.ended is None and not self.reason:
            pause = min(self.deadline, self.next_look, self.next_disk_look) - time.monotonic()
            for fd, _ in self.poller.poll(max(0.0, pause) * 1000 + 1):
                self.serve(fd)
            self.reap()
            self.look_at_clock()
        self.finished = time.monotonic()

    def register(self) -> None:
        """Tell the poller what to wait for; fd 0 with no event wanted reports only its hanging up."""
        for fd in (*self.captures, self.streams.status_read, self.wake):
            self.poller.register(fd, select.POLLIN)
        self.poller.register(0, 0)
        self.feed_stdin()
        if self.streams.stdin_write >= 0:
            self.poller.register(self.streams.stdin_write, select.POLLOUT)

    def serve(self, fd: int) -> None:
        """Do what fd is ready for."""
        if fd in self.captures:
            self.drain(fd)
        elif fd == self.streams.status_read:
            self.told += self.drop_at_end(fd, os.read(fd, CHUNK))
        elif fd == self.wake:
            os.read(fd, CHUNK)
        elif fd == 0:
            self.hung_up()
        else:
            self.feed_stdin()

    def drop_at_end(self, fd: int, data: bytes) -> bytes:
        """Stop waiting for fd if it is at its end."""
        if not data:
            self.poller.unregister(fd)
        return data

    def drain(self, fd: int) -> None:
        """Take what the job wrote to one stream."""
        try:
            data = self.drop_at_end(fd, os.read(fd, CHUNK))
        except BlockingIOError:
            return
        self.captures[fd].feed(data)
        if sum(output.total for output in self.outputs) > self.limits["output_hard_mb"] * MIB:
            self.reason = self.reason or "output_limit"

    def feed_stdin(self) -> None:
        """Hand the job more of its input, and close it at its end."""
        fd = self.streams.stdin_write
        try:
            self.stdin = self.stdin[os.write(fd, self.stdin[:CHUNK]) if self.stdin and fd >= 0 else 0 :]
        except BlockingIOError:
            return
        except OSError:
            self.stdin = memoryview(b"")  # the job has closed it
        if not self.stdin and fd >= 0:
            self.streams.stdin_write = -1
            with contextlib.suppress(KeyError):
                self.poller.unregister(fd)
            os.close(fd)

    def hung_up(self) -> None:
        """The host has closed: a job ends now, a program has a moment to end by itself."""
        self.poller.unregister(0)
        if time.monotonic() >= self.deadline:
            return  # it ran out of time before, while something had stopped this launcher
        moment = self.header["close_grace_s"] if self.header["mode"] == "program" else 0.0
        self.deadline = min(self.deadline, time.monotonic() + moment)
        self.at_deadline = "cancelled"

    def reap(self) -> bool:
        """Collect every process that ended, remember how the first one did; whether any is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.reaped_cpu_s += usage.ru_utime + usage.ru_stime
            if pid == self.child:
                self.ended = Ended(status, usage)

    def look_at_clock(self) -> None:
        """Set the reason if the wall time is over, or if all processes together used up the CPU time."""
        now = time.monotonic()
        if self.ended is not None:
            return
        if now >= self.deadline:
            self.reason = self.reason or self.at_deadline
        if now >= self.next_disk_look:
            self.look_at_disk()
        if now >= self.next_look:
            self.next_look = now + TICK_S
            used = self.reaped_cpu_s + sum(process.cpu_s for process in job_processes().values())
            self.seen_cpu_s = max(self.seen_cpu_s, used)
            if used > seconds_up(self.limits["cpu_s"]) + 0.5:
                self.reason = self.reason or "cpu_limit"
                self.remark = f"its processes together used {used:.1f} s"

    def look_at_disk(self) -> None:
        """Set the reason if the job's folder holds too much, as it is no file system with a size of its own."""
        began = time.monotonic()
        try:
            size, count = disk_use(self.header["work"])
            remark = f"its files took {size / MIB:.1f} MiB in {count} entries"
        except OSError as hidden:
            size, count, remark = 0, MOST_ENTRIES + 1, f"its folder cannot be looked at: {hidden.strerror}"
        if size > self.limits["file_mb"] * MIB or count > MOST_ENTRIES:
            self.reason, self.remark = self.reason or "disk_limit", self.remark or remark
        now = time.monotonic()
        self.next_disk_look = now + max(DISK_TICK_S, 10 * (now - began))  # looking takes a tenth of the time at most

    def end_everything(self) -> None:
        """Leave no process of the job; returns when the last one is reaped."""
        while self.reap():
            if self.header["pid1"]:
                kill_all_as(self.header["uid"])
            else:
                kill_descendants(self.child)
            select.select([self.wake], [], [], 0.002)  # a child that ends wakes at once
        for fd in self.captures:
            self.take_rest(fd)

    def take_rest(self, fd: int) -> None:
        """What is left in a pipe whose writers are all gone: at most the pipe's own size."""
        while True:
            try:
                data = os.read(fd, CHUNK)
            except OSError:
                return
            if not data:
                return
            self.captures[fd].feed(data)


def status_of(watch: Watch, ended: Ended, *, oom_kills: int) -> str:
    """The word for how the job ended."""
    cpu = seconds_up(watch.limits["cpu_s"])
    if watch.told or watch.reason:
        return "exec_error" if watch.told else watch.reason
    if ended.exit_code is not None:
        return "exit"
    if ended.signal == signal.SIGXFSZ:
        return "disk_limit"
    if ended.signal == signal.SIGKILL and oom_kills:
        return "oom"
    limit_s = {signal.SIGXCPU: cpu, signal.SIGKILL: cpu + 1}.get(signal.Signals(ended.signal or 0))
    # the kernel enforces the limit by ticks and reports exact times; on a busy machine they were seen 20 % apart
    return "cpu_limit" if limit_s is not None and ended.cpu_s >= 0.7 * limit_s else "signal"


def result_of(watch: Watch, ended: Ended, *, oom_kills: int) -> dict[str, Any]:
    """The report of a job whose processes are all gone."""
    status = status_of(watch, ended, oom_kills=oom_kills)
    detail = watch.told.decode("utf-8", "replace").partition(": ")[2] or watch.remark
    if oom_kills and status != "oom":
        detail = detail or f"the kernel ended {oom_kills} of its processes for lack of memory"
    return {
        "event": "result",
        "status": status,
        "exit_code": ended.exit_code if status == "exit" else None,
        "signal": ended.signal if status == "signal" else None,
        "stdout": watch.outputs[0].report(),
        "stderr": watch.outputs[1].report(),
        "wall_s": watch.finished - watch.began,
        "cpu_s": max(watch.reaped_cpu_s, watch.seen_cpu_s),  # some may be reaped by a parent that counts nothing
        "peak_mb": ended.peak_mb,
        "detail": detail,
    }


# --- From the host's header to the report ---------------------------------------------------------------------------


def report(control: int, message: dict[str, Any]) -> None:
    """Tell the host."""
    write_frame(control, json.dumps(message).encode("ascii"))


def take_control() -> int:
    """The launcher's own way to the host; what Python might print goes nowhere from here on."""
    control, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return control


def unused_uid() -> int:
    """A user id for one job, that runs nothing now."""
    while tasks_of(uid := 60000 + int.from_bytes(os.urandom(4), "big") % 5000):
        pass
    return uid


def prepare(header: dict[str, Any]) -> int:
    """Make this process fit to be the parent of untrusted code; returns the fd that wakes it when a child ends."""
    header["pid1"] = header["kind"] not in {"process", "landlock"}
    header["uid"] = None
    if header["kind"] == "landlock":
        header["landlock"] = json.loads(sys.argv[1])
    if header["pid1"] and os.getpid() != 1:
        raise RuntimeError(f"the launcher is process {os.getpid()} of its namespace, not 1")
    if header["kind"] != "process" and os.getuid() == 0:
        header["uid"] = unused_uid()
    if not header["pid1"]:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    if header["kind"] == "bubblewrap":  # its parent is bwrap's monitor, which the host can kill
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_DUMPABLE, 0)
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # PID 1 is deaf to signals from inside but for those that it handles
    return wake


def oversee(header: dict[str, Any], child: int, streams: Streams, *, control: int, wake: int) -> None:
    """In the launcher: let the child go, watch it, end what is left, report."""
    inside = header["kind"] == "docker"
    streams.for_launcher()
    told = os.read(streams.status_read, CHUNK)
    if told != b"R":
        raise RuntimeError(told.decode("utf-8", "replace") or "the job's process was lost before it began")
    kills = cgroup_oom_kills(inside=inside)
    report(control, {"event": "started"})
    watch = Watch(header, child, streams, wake)
    os.write(streams.go_write, b"G")
    watch.until_end()
    watch.end_everything()
    assert watch.ended is not None
    report(control, result_of(watch, watch.ended, oom_kills=cgroup_oom_kills(inside=inside) - kills))


def main() -> tuple[Any, dict[str, Any]]:
    """Launch one job. Returns in a program's process only, with what is to be executed there."""
    control = take_control()
    try:
        raw = read_frame(0)
        header = json.loads(raw or b"")
        wake = prepare(header)
        streams = Streams(program=header["mode"] == "program")
        child = os.fork()
        if child:
            oversee(header, child, streams, control=control, wake=wake)
            os._exit(0)
    except BaseException as fault:  # noqa: BLE001  told to the host, which knows what to make of it
        report(control, {"event": "error", "detail": f"{type(fault).__name__}: {fault}"})
        os._exit(1)
    return run_child(header, streams, control)


if __name__ == "__main__":
    exec(*main())  # noqa: S102  a program starts here, two frames deep, as a script would at one
