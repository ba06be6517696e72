"""The agent itself: takes orders from the host, one job at a time, and says whether it can take the next one.

fd 0 and 1 are the way to the host (`frames`), fd 2 is for what goes wrong before there is one. To the host: `ready`
once; for each job `started`, the program's bytes, `result`, then `clean`; `error` if a job could not begin; `dirty`,
after which the agent ends, when it cannot prove that nothing of the job is left.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time

from executor.agent.environment import ENVIRONMENT
from executor.agent.frames import LENGTH, packed, write_all
from executor.agent.host import Host, HostGone
from executor.agent.job import Child, ChildStreams, Streams
from executor.agent.kernel import PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from executor.agent.processes import all_processes, borrowed, cgroup_oom_kills
from executor.agent.surroundings import Users, facts, limits_of
from executor.agent.watch import Watch
from executor.agent.workspace import Artifacts, empty, modes, network_counters, reset_times, space_used, traces
from executor.agent.zygote import Zygote, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST_ORDER = 1 << 30
REDIAL_S, REDIAL_AT_MOST_S = 0.05, 5.0
MOST_JOBS_OF_A_SERVICE = 200
GROWN_UP_S = 11.0  # Docker's patience with a container that ends begins anew when it ran for 10 s


def harden(*, first: bool) -> None:
    """What both this process and its zygote need before there is anything untrusted."""
    if first and os.getpid() != 1:
        raise RuntimeError(f"the agent is process {os.getpid()} of its namespace, not 1")
    prctl(PR_SET_DUMPABLE, 0)
    os.environ.clear()
    os.environ.update(ENVIRONMENT)


def prepare(config: dict[str, Any]) -> int:
    """Make this process fit to be the parent of untrusted code; returns the fd that wakes it when a child ends."""
    if not config["first"]:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    if config["kind"] == "bubblewrap":  # its parent is bwrap's monitor, which the host can kill
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    wake, woken = os.pipe()
    for fd in (wake, woken):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # PID 1 is deaf to signals from inside but for those that it handles
    return wake


class Agent:
    """Runs the host's jobs, one after the other."""

    _host: Host

    def __init__(self, config: dict[str, Any], zygote: Zygote | None, wake: int) -> None:
        self._config, self._zygote, self._wake = config, zygote, wake
        self.jobs, self._born = 0, time.monotonic()
        self._users = Users(given=config["users"])
        self._untouched = self._state()

    def meet(self, host: Host) -> None:
        """Tell a new host that this agent is ready, and what it may want to know."""
        self._host = host
        self._host.tell({"event": "ready", "profile": self._config["profile"], **facts(self._config["roots"])})
        self._host.flush()

    def run_one(self) -> ChildStreams | None:
        """Take the next order and see it through. Returns in an unborn agent's child only, where there is no zygote.

        Raises:
            HostGone: there is no next one.
        """
        header, blob = self._host.next()
        if header is None or header["op"] != "run":
            return None  # bytes for, or the end of, a program that was gone already
        orders, for_child = self._split(header, blob)
        streams = Streams(program=orders["mode"] == "program")
        child = self._zygote.bear(streams.of_child()) if self._zygote else os.fork()
        if child == 0:
            return ChildStreams(streams.of_child())
        orders["child"] = child
        self._oversee(orders, for_child, streams)
        return None

    def _split(self, header: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
        """The orders for the watch, and the message for the child, which holds no more than it needs."""
        uid, stdin = self._users.fresh(), header["stdin"]
        fresh_program = header["mode"] == "program" and header["fresh"]
        rest = b"" if fresh_program else blob[stdin:]
        given = LENGTH.pack(len(blob)) + blob if fresh_program else blob[:stdin]
        child = {key: header[key] for key in ("mode", "argv", "fresh", "hash_seed", "files", "limits")}
        zygote = self._zygote.pid if self._zygote else 0
        orders = {**header, "uid": uid, "input": given, "wake": self._wake, "zygote": zygote}
        return orders, packed({**child, "uid": uid}, rest)

    def _oversee(self, orders: dict[str, Any], for_child: bytes, streams: Streams) -> None:
        """Let the child go, watch it, end what is left, report, clean up."""
        self.jobs += 1
        streams.for_agent()
        write_all(streams.orders_write, for_child)
        told = os.read(streams.status_read, 1 << 16)
        if told != b"R":
            raise RuntimeError(told.decode("utf-8", "replace") or "the job's process was lost before it began")
        kills = cgroup_oom_kills() if self._config["cgroup"] else 0
        self._host.tell({"event": "started"})
        self._host.write()
        watch = Watch(self._config, orders, streams, self._host)
        os.write(streams.orders_write, b"G")
        watch.until_end()
        watch.end_everything()
        watch.relay_rest()
        kills = cgroup_oom_kills() - kills if self._config["cgroup"] else 0
        artifacts = self._artifacts(orders)
        watch.report(oom_kills=kills, artifacts=artifacts.found, left_out=artifacts.left_out)
        streams.close()
        self._host.flush()
        if self._config["resident"]:
            self._clean_up(orders["uid"])

    def _artifacts(self, orders: dict[str, Any]) -> Artifacts:
        """What the host wants of the job's files, read with the job's own rights."""
        artifacts = Artifacts(orders["collect"], most_bytes=orders["limits"]["artifacts_kb"] * 1024)
        if orders["collect"]:
            with borrowed(orders["uid"]):
                artifacts.collect(self._config["work"])
        return artifacts

    def _clean_up(self, uid: int | None) -> None:
        """Wipe, verify, and tell the host that the next job may come; or that it may not, and end."""
        doubt = ""
        try:
            with borrowed(uid):
                for root in self._config["roots"]:
                    empty(root)
        except OSError as left:
            doubt = f"its files cannot be removed: {left.strerror}"
        reset_times(self._config["roots"])
        if not doubt:
            state = self._state()
            doubt = next((f"{what} differ" for what in self._untouched if state.get(what) != self._untouched[what]), "")
        if not doubt and self._zygote is not None and not self._zygote.answers():
            doubt = "the zygote does not answer"
        if doubt:
            self._host.tell({"event": "dirty", "detail": doubt})
            self._host.flush()
            self._grow_up()
            os._exit(1)
        self._host.tell({"event": "clean"})
        self._host.write()

    def _grow_up(self) -> None:
        """Let a service not die young: Docker starts those ever more slowly, and jobs could starve the loop of them."""
        if self._config["socket"]:
            os.close(0)
            os.close(1)  # the host need not wait for that
            time.sleep(max(0.0, self._born + GROWN_UP_S - time.monotonic()))

    def _state(self) -> dict[str, Any]:
        """All that a job could have changed and the next one could see."""
        if not self._config["resident"] or self._zygote is None:
            return {}
        pids = (os.getpid(), self._zygote.pid)
        everyone = all_processes()
        return {
            "processes": sorted(everyone),
            "the zygote's state": self._zygote.pid in everyone and everyone[self._zygote.pid].state in "RS",
            "files": [space_used(root) for root in self._config["roots"]],
            "rights": modes(self._config["roots"]),
            "network counters": network_counters(),
            "System V objects": traces(),
            "limits": [limits_of(pid) for pid in pids if pid in everyone],
            "priorities": [os.getpriority(os.PRIO_PROCESS, pid) for pid in pids if pid in everyone],
        }


def dial(path: str) -> None:
    """Make the unix socket at path fd 0 and 1; waits until somebody listens there, with growing patience.

    Its folder is the loop's user's alone, whom a root agent in a container without other rights has to become for it.
    """
    pause = REDIAL_S
    while True:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            owner = os.stat(os.path.dirname(path)).st_uid  # noqa: PTH116, PTH120  the folder is open to its owner only
            with borrowed(owner if os.getuid() == 0 and owner else None):
                line.connect(path)
            break
        except OSError:
            line.close()
            time.sleep(pause)
            pause = min(2 * pause, REDIAL_AT_MOST_S)
    os.dup2(line.fileno(), 0)
    os.dup2(line.fileno(), 1)
    line.close()


def forked_zygote() -> tuple[Zygote | None, list[int]]:
    """The agent's handle of a new zygote; in each child of it None and the child's descriptors."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid:
        theirs.close()
        return Zygote(pid, ours), []
    ours.close()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)
    return None, serve(theirs)


def main(library: str) -> tuple[Any, dict[str, Any]]:
    """Serve the host to its end. Returns in a job's process only, with what is to be executed there.

    Args:
        library: text that makes every program's modules in a fresh interpreter.
    """
    config = json.loads(sys.argv[1])
    del sys.argv[1:]
    try:
        harden(first=config["first"])
        zygote, fds = forked_zygote() if config["resident"] else (None, [])
        streams = ChildStreams(fds) if fds else _serve_hosts(config, zygote)
    except BaseException as fault:  # noqa: BLE001  told in one line, for there is no host yet, or no agent any more
        os.write(2, f"{type(fault).__name__}: {fault}\n".encode("utf-8", "replace"))
        os._exit(1)
    return Child(config, streams, library).prepared()


def _serve_hosts(config: dict[str, Any], zygote: Zygote | None) -> ChildStreams:
    """Serve the one host that there is, or those that come to a socket; returns in an agent's own child only."""
    agent = Agent(config, zygote, prepare(config))
    while True:
        if config["socket"]:
            dial(config["socket"])
        host = Host(largest=LARGEST_ORDER)
        try:
            return _serve_host(config, agent, host)
        except HostGone:
            if not config["socket"] or agent.jobs >= MOST_JOBS_OF_A_SERVICE:
                os._exit(0)  # whatever restarts a service makes a new one
        except Exception as fault:  # noqa: BLE001  told to the host, which knows what to make of it
            host.tell({"event": "error", "detail": f"{type(fault).__name__}: {fault}"})
            host.flush()
            os._exit(1)


def _serve_host(config: dict[str, Any], agent: Agent, host: Host) -> ChildStreams:
    agent.meet(host)
    while True:
        streams = agent.run_one()
        if streams is not None:
            return streams
        if not config["resident"]:
            os._exit(0)
