"""Watches one job or program: serves its streams, sees its limits, ends it, and finds the word for how it ended."""

from __future__ import annotations

import contextlib
import os
import select
import time

from executor.agent.frames import packed
from executor.agent.host import CHUNK, Host
from executor.agent.job import Streams, seconds_up
from executor.agent.outcome import Capture, Ended, status_of
from executor.agent.processes import cgroup_cpu_s, job_processes, kill_all_as, kill_descendants
from executor.agent.workspace import MIB, MOST_ENTRIES, disk_use, space_used

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TICK_S = 0.25
DISK_TICK_S = 0.05
BLOCK = 4096
MOST_WAITING = 1 << 20  # bytes of a program that wait for the host, until no more of them are taken
MOST_PENDING = 8 << 20  # bytes of the host that wait for a program, until no more are read


class Watch:
    """One job from its go to its end."""

    def __init__(self, config: dict[str, Any], orders: dict[str, Any], streams: Streams, host: Host) -> None:
        self.config, self.orders, self.limits, self.streams, self.host = config, orders, orders["limits"], streams, host
        self.child, self.wake, self.zygote = orders["child"], orders["wake"], orders["zygote"]
        self.input, self.no_more_input = memoryview(orders["input"]), orders["mode"] == "job"
        self.captures = {fd: Capture(self.limits["output_kb"] * 512) for fd in (streams.out_read, streams.err_read)}
        self.outputs = list(self.captures.values())
        self.told = b""
        self.reason, self.at_deadline, self.remark = "", "timeout", ""
        self.ended: Ended | None = None
        self.strays = 0
        self.reaped_cpu_s = self.seen_cpu_s = 0.0
        self.counted_before = self._counted_cpu_s()
        self.files_before = space_used(config["roots"][0]) if config["roots"] else (0, 0)
        self.began = self.finished = time.monotonic()
        self.deadline = self.began + self.limits["wall_s"]
        self.next_look = self.began + TICK_S
        self.next_disk_look = self.began + DISK_TICK_S if "landlock" in config else float("inf")
        self.poller = select.poll()
        self.waits_for: dict[int, int] = {}

    # --- Streams ----------------------------------------------------------------------------------------------------

    def until_end(self) -> None:
        """Serve the job's streams until its first process has ended or a limit is reached."""
        for fd in (*self.captures, self.streams.status_read, self.wake, 0):
            self._wait_for(fd, select.POLLIN)
        self._feed()
        while self.ended is None and not self.reason:
            self._choose_events()
            pause = min(self.deadline, self.next_look, self.next_disk_look) - time.monotonic()
            for fd, event in self.poller.poll(max(0.0, pause) * 1000 + 1):
                self._serve(fd, event)
            self.reap()
            self._look_at_clock()
        self.finished = time.monotonic()

    def _wait_for(self, fd: int, events: int) -> None:
        """Tell the poller what fd is waited for; -1 for nothing at all."""
        if self.waits_for.get(fd, -1) == events or fd < 0:
            return
        if events < 0:
            del self.waits_for[fd]
            self.poller.unregister(fd)
            return
        self.waits_for[fd] = events
        self.poller.register(fd, events)

    def _choose_events(self) -> None:
        """Who sends more than the other takes is made to wait; with no event wanted fd 0 still reports its end."""
        streams, host = self.streams, self.host
        room = len(host.outgoing) < MOST_WAITING
        if streams.from_program >= 0:
            self._wait_for(streams.from_program, select.POLLIN if room else -1)
        target = self._input_fd()
        if target >= 0:
            self._wait_for(target, select.POLLOUT if self.input else -1)
        taking = len(self.input) < MOST_PENDING
        self._wait_for(0, -1 if host.gone else select.POLLIN if taking else 0)
        self._wait_for(1, select.POLLOUT if host.outgoing else -1)

    def _input_fd(self) -> int:
        return self.streams.to_program if self.orders["mode"] == "program" else self.streams.stdin_write

    def _serve(self, fd: int, event: int) -> None:
        """Do what fd is ready for."""
        if fd in self.captures:
            self._drain(fd)
        elif fd == self.streams.status_read:
            self.told += self._taken(fd)
        elif fd == self.wake:
            os.read(fd, CHUNK)
        elif fd == 0:
            self._hear_host(event)
        elif fd == 1:
            self.host.write()
        elif fd == self.streams.from_program:
            self._relay()
        else:
            self._feed()

    def _taken(self, fd: int) -> bytes:
        """What can be read from fd now; at its end it is waited for no longer."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._wait_for(fd, -1)
            if fd == self.streams.from_program:
                os.close(fd)
                self.streams.from_program = -1
        return data

    def _drain(self, fd: int) -> None:
        """Take what the job wrote to one stream."""
        self.captures[fd].feed(self._taken(fd))
        if sum(output.total for output in self.outputs) > self.limits["output_hard_mb"] * MIB:
            self.reason = self.reason or "output_limit"

    def _relay(self) -> None:
        """Carry a program's bytes to the host."""
        data = self._taken(self.streams.from_program)
        if data:
            self.host.outgoing += packed(None, data)
            self.host.write()

    def _feed(self) -> None:
        """Hand over more of the input; a job's is closed at its end."""
        fd = self._input_fd()
        if fd < 0:
            return
        try:
            self.input = self.input[os.write(fd, self.input[:CHUNK]) if self.input else 0 :]
        except BlockingIOError:
            return
        except OSError:
            self.input, self.no_more_input = memoryview(b""), True  # the job has closed it
        if not self.input and self.no_more_input:
            self._close_input()

    def _close_input(self) -> None:
        fd = self._input_fd()
        if fd >= 0:
            self._wait_for(fd, -1)
            os.close(fd)
            self.streams.to_program = self.streams.stdin_write = -1

    def _hear_host(self, event: int) -> None:
        """Frames for the program, or that the host has had enough, or that it is gone."""
        if event & select.POLLIN:
            self.host.read()
        elif event & (select.POLLHUP | select.POLLERR):
            self.host.gone = True
        while (message := self.host.inbox.next()) is not None:
            header, blob = message
            if header is not None:
                self._hung_up()
            elif self._input_fd() >= 0 and self.orders["mode"] == "program":
                self.input = memoryview(bytes(self.input) + blob)
                self._feed()
        if self.host.gone:
            self._hung_up()

    def _hung_up(self) -> None:
        """The host has closed: a job ends now, a program has a moment to end by itself."""
        self.no_more_input = True
        self._feed()
        if time.monotonic() >= self.deadline or self.at_deadline == "cancelled":
            return  # it ran out of time before, while something had stopped this agent
        moment = self.config["close_grace_s"] if self.orders["mode"] == "program" else 0.0
        self.deadline = min(self.deadline, time.monotonic() + moment)
        self.at_deadline = "cancelled"

    # --- Limits -----------------------------------------------------------------------------------------------------

    def reap(self) -> bool:
        """Collect every process that ended, remember how the first one did; whether this agent has children left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.zygote:
                self.zygote = 0
                continue
            self.reaped_cpu_s += usage.ru_utime + usage.ru_stime
            if pid == self.child:
                self.ended = Ended(status, usage)

    def _any_left(self) -> bool:
        """Whether the job has processes. The zygote is a child that stays, so /proc has to tell where there is one."""
        if not self.reap():
            return False
        return not self.zygote or self.ended is None or bool(job_processes(self.zygote))

    def _counted_cpu_s(self) -> float | None:
        """CPU seconds of the container but for the agent's own; None where none are counted."""
        counted = cgroup_cpu_s() if self.config["cgroup"] else None
        return None if counted is None else counted - time.process_time()

    def _used_cpu_s(self) -> float:
        """CPU seconds of all processes of the job; only a cgroup counts those whose parents do not care for them."""
        used = self.reaped_cpu_s + sum(process.cpu_s for process in job_processes(self.zygote).values())
        counted = self._counted_cpu_s()
        if counted is not None and self.counted_before is not None:
            used = max(used, counted - self.counted_before)
        self.seen_cpu_s = max(self.seen_cpu_s, used)
        return used

    def _look_at_clock(self) -> None:
        """Set the reason if the wall time is over, or if all processes together used up something."""
        now = time.monotonic()
        if self.ended is not None:
            return
        if now >= self.deadline:
            self.reason = self.reason or self.at_deadline
        if now >= self.next_disk_look:
            self._look_at_folder()
        if now >= self.next_look:
            self.next_look = now + TICK_S
            self._look_at_files()
            used = self._used_cpu_s()
            if used > seconds_up(self.limits["cpu_s"]) + 0.5:
                self.reason = self.reason or "cpu_limit"
                self.remark = f"its processes together used {used:.1f} s"

    def _look_at_files(self) -> None:
        """Set the reason if there are too many files, or too much in them, where no mount option limits that."""
        if not self.config["roots"]:
            return
        (size, made), (size_before, made_before) = space_used(self.config["roots"][0]), self.files_before
        if made - made_before > self.limits["inodes"] or size - size_before > self.limits["file_mb"] * MIB:
            self.reason = self.reason or "disk_limit"
            self.remark = f"its files took {(size - size_before) / MIB:.1f} MiB, {made - made_before} of them"

    def _look_at_folder(self) -> None:
        """Set the reason if the job's folder holds too much, as it is no file system with a size of its own."""
        began = time.monotonic()
        try:
            size, count = disk_use(self.config["work"])
            remark = f"its files took {size / MIB:.1f} MiB in {count} entries"
        except OSError as hidden:
            size, count, remark = 0, MOST_ENTRIES + 1, f"its folder cannot be looked at: {hidden.strerror}"
        allowed = self.limits["file_mb"] * MIB + count * BLOCK  # for the last block of a file is seldom full
        if size > allowed or count > min(MOST_ENTRIES, self.limits["inodes"]):
            self.reason, self.remark = self.reason or "disk_limit", self.remark or remark
        now = time.monotonic()
        self.next_disk_look = now + max(DISK_TICK_S, 10 * (now - began))  # looking takes a tenth of the time at most

    # --- The end ----------------------------------------------------------------------------------------------------

    def end_everything(self) -> None:
        """Leave no process of the job; returns when the last one is reaped."""
        uid = self.orders["uid"]
        while self._any_left():
            self.strays = max(self.strays, self._count_strays())
            if self.config["first"] and uid is not None:
                kill_all_as(uid)
            else:
                kill_descendants(self.child, self.zygote)
            select.select([self.wake], [], [], 0.002)  # a child that ends wakes at once
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, CHUNK)
        if self.config["cgroup"]:
            self._used_cpu_s()
        for fd in self.captures:
            self._take_rest(fd)

    def _count_strays(self) -> int:
        """Processes of the job that live, but for its first one."""
        living = {pid for pid, process in job_processes(self.zygote).items() if process.state not in "ZX"}
        return len(living - {self.child})

    def _take_rest(self, fd: int) -> None:
        """What is left in a pipe whose writers are all gone: at most the pipe's own size."""
        with contextlib.suppress(OSError):
            while data := os.read(fd, CHUNK):
                self.captures[fd].feed(data)

    def relay_rest(self) -> None:
        """Hand out what a program wrote before its end, a pipe's size at most, and close the way."""
        with contextlib.suppress(OSError):
            while self.streams.from_program >= 0 and (data := os.read(self.streams.from_program, CHUNK)):
                self.host.outgoing += packed(None, data)

    def report(self, *, oom_kills: int, artifacts: list[tuple[str, bytes]], left_out: int) -> None:
        """Tell the host how a job ended whose processes are all gone."""
        ended = self.ended
        assert ended is not None
        status = status_of(ended, self.limits, reason="exec_error" if self.told else self.reason, oom_kills=oom_kills)
        detail = self.told.decode("utf-8", "replace").partition(": ")[2] or self.remark
        if oom_kills and status != "oom":
            detail = detail or f"the kernel ended {oom_kills} of its processes for lack of memory"
        header = {
            "event": "result",
            "status": status,
            "exit_code": ended.exit_code if status == "exit" else None,
            "signal": ended.signal if status == "signal" else None,
            "streams": [[len(output.head), len(output.tail), output.total] for output in self.outputs],
            "wall_s": self.finished - self.began,
            "cpu_s": max(self.reaped_cpu_s, self.seen_cpu_s),  # some may be reaped by a parent that counts nothing
            "peak_mb": ended.peak_mb,
            "detail": detail,
            "strays": self.strays,
            "artifacts": [[name, len(data)] for name, data in artifacts],
            "left_out": left_out,
        }
        kept = [bytes(part) for output in self.outputs for part in (output.head, output.tail)]
        self.host.tell(header, *kept, *(data for _, data in artifacts))
