"""Does a night survive everything at once? Exit code 1 if not.

    python -m benchmarks.soak_night [--units 2000] [--sandbox docker] [--engine COMMAND] [--seed 1]

A rehearsal over HTTP, in which all that can go wrong does, again and again: the model server is killed and comes back,
the loop gets SIGTERM and kill -9, the Docker daemon is stopped and started (where --engine says how to start it), and
once the memory's disk is nearly full. Whatever ended the loop, the same command is given again. Counted are attempts
that were lost or told twice, damage, what is left of processes and containers, and what grows: memory and descriptors
of the loop, over the first and the last third of the night.
"""

import argparse
import itertools
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.host_use import OWNER, containers, processes_named, resident_mb
from memory.event_lines import read_chain
from memory.events import Abandoned, Decided, Finished
from memory.log_tail import LogTail

CHECKOUT = Path(__file__).resolve().parents[1]
DISK_MB, RESERVE_MB = 512, 64
EVERY_UNITS = 40
"""Attempts from one trouble to the next, and from the last one to the end: a run cannot tidy up in an engine that is
away, and leaves it to the next one."""
AWAY_S = 3.0
LOOK_S = 0.2
PATIENCE_S = 600.0
GROWTH_MB, GROWTH_DESCRIPTORS = 40.0, 8
"""What the last third of a night may hold more than the first: a memory of 2000 attempts is larger than one of 200."""


@dataclass
class Seen:
    """What was noticed on the way."""

    troubles: Counter[str] = field(default_factory=Counter)
    lives: list[int] = field(default_factory=list)
    """Process ids of the loop, one after the other."""
    memory_mb: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)


class Night:
    """The loop, its model server, and the folder that is its disk."""

    def __init__(self, options: argparse.Namespace, disk: Path) -> None:
        """Nothing runs yet."""
        self._options, self._disk, self.memory = options, disk, disk / "memory"
        self._loop: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._url, self.seen, self.finished, self._before = "", Seen(), 0, 0
        self._tail = LogTail(self.memory / "events")
        self._random = random.Random(options.seed)

    def live(self) -> None:
        """From the first attempt to the last, through all troubles."""
        self._start_server()
        troubles = self._troubles()
        due = EVERY_UNITS
        while self._goes_on():
            if due <= self.finished <= self._options.units - EVERY_UNITS and (trouble := next(troubles, None)):
                self.seen.troubles[trouble.__name__.strip("_")] += 1
                trouble()
                due = self.finished + EVERY_UNITS

    def close(self) -> None:
        """Whatever still runs."""
        for process in (self._loop, self._server):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def _troubles(self) -> Iterator[Callable[[], None]]:
        """The disk once, early; the others in random order, each as often as the others."""
        kinds = [self._server_away, self._sigterm, self._kill_9]
        if self._options.engine:
            kinds.append(self._daemon_restarted)
        yield self._disk_nearly_full
        while True:
            yield from self._random.sample(kinds, len(kinds))

    def _goes_on(self) -> bool:
        """Look on for a moment; begin the loop again if it has ended before its time."""
        if self._loop is None:
            self._start_loop()
        assert self._loop is not None
        with suppress(subprocess.TimeoutExpired):
            self._loop.wait(LOOK_S)
        self._note()
        if self._loop.poll() is None:
            return True
        if self._loop.returncode == 0 and self.finished >= self._options.units:
            return False
        self._start_loop()
        return True

    def _note(self) -> None:
        for event in self._tail.new():
            self.finished += event["data"]["kind"] == "finished"
            if event["data"]["kind"] == "run_ended":
                self._before = self.finished
        assert self._loop is not None
        with suppress(OSError):  # it may end at any moment
            self.seen.memory_mb.append(resident_mb(self._loop.pid))
            self.seen.descriptors.append(len(list(Path(f"/proc/{self._loop.pid}/fd").iterdir())))

    def _start_loop(self) -> None:
        assert len(self.seen.lives) < self._options.units, "the loop ends again and again; see the log of the memory"
        command = [
            sys.executable, "loop.py", "--llm", self._url, "--sandbox", self._options.sandbox, "--resume", "on",
            "--cycles", str(self._options.units - self._before), "--memory", str(self.memory), "--seed", "1",
            "--workers", "2",
        ]  # fmt: skip
        settings = {
            "BT_DISK_RESERVE_MB": str(RESERVE_MB), "BT_PATIENCE_S": "1", "BT_FAULT_WAIT_S": "1", "BT_CPU_S": "1",
            "BT_WAIT_FOR_MODEL": "1",
        }  # fmt: skip
        with (self._disk.parent / "loop.out").open("ab") as out:
            self._loop = subprocess.Popen(
                command, cwd=CHECKOUT, env=os.environ | settings, stdout=out, stderr=subprocess.STDOUT
            )
        self.seen.lives.append(self._loop.pid)

    def _start_server(self) -> None:
        port = self._url.rpartition(":")[2].removesuffix("/v1") or "0"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "utils.rehearsal", "--port", port], cwd=CHECKOUT, stdout=subprocess.PIPE
        )
        assert self._server.stdout is not None
        with self._server.stdout as said:
            self._url = said.readline().split()[0].decode()

    def _server_away(self) -> None:
        assert self._server is not None
        self._server.kill()
        self._server.wait()
        time.sleep(AWAY_S)
        self._start_server()

    def _sigterm(self) -> None:
        self._end_loop_by(signal.SIGTERM)

    def _kill_9(self) -> None:
        self._end_loop_by(signal.SIGKILL)

    def _end_loop_by(self, number: int) -> None:
        assert self._loop is not None
        self._loop.send_signal(number)
        self._loop.wait(PATIENCE_S)

    def _daemon_restarted(self) -> None:
        pid = int(Path("/var/run/docker.pid").read_text(encoding="ascii"))
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
            time.sleep(LOOK_S)
        time.sleep(AWAY_S)
        subprocess.run(shlex.split(self._options.engine), check=True, stdout=subprocess.DEVNULL)

    def _disk_nearly_full(self) -> None:
        assert self._loop is not None
        free = os.statvfs(self._disk)
        filler = self._disk / "filler"
        with filler.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, max(1, free.f_bavail * free.f_frsize - RESERVE_MB // 2 * 2**20))
        self._loop.wait(PATIENCE_S)  # it has to end by itself, before anything is lost
        filler.unlink()


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of its own, which takes the rights of root."""
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder) / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(disk)], check=True)
        try:
            yield disk
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def last_words(out: Path) -> Counter[str]:
    """How often the loop said what when it ended; after kill -9 it says nothing."""
    lines = out.read_text(encoding="utf-8", errors="replace").splitlines()
    return Counter(line[:120] for line in lines if line.startswith(("Ended: ", "error: ")))


def lost_or_told_twice(memory: Path, units: int) -> list[str]:
    """What the log, whose every line is checked, says of the attempts that should not be."""
    events = [event.data for event, _ in read_chain(memory / "events")]
    decided = Counter(data.spec.unit_id for data in events if isinstance(data, Decided))
    finished = Counter(data.result.unit_id for data in events if isinstance(data, Finished))
    abandoned = sum(isinstance(data, Abandoned) for data in events)
    found = [f"{unit} was {what} {times} times" for what, counts in (("decided", decided), ("finished", finished))
             for unit, times in counts.items() if times > 1]  # fmt: skip
    found += [f"{unit} was decided and never finished" for unit in decided - finished]
    if abandoned:
        found.append(f"{abandoned} attempts were abandoned")
    if len(finished) != units:
        found.append(f"{len(finished)} attempts were finished, {units} were asked for")
    return found


def command_fails(memory: Path, *words: str) -> list[str]:
    """What a command that checks the memory complains of."""
    ran = subprocess.run(
        [sys.executable, "utils/cli.py", *words, "--memory", str(memory)],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [f"`{' '.join(words)}` exits with {ran.returncode}: {ran.stderr[-300:]}"] if ran.returncode else []


def grown(seen: Seen) -> list[str]:
    """What the loop holds more in the last third of the night than in the first, beyond what it may."""
    found = []
    for name, values, most in (
        ("MiB", seen.memory_mb, GROWTH_MB),
        ("descriptors", [float(each) for each in seen.descriptors], GROWTH_DESCRIPTORS),
    ):
        early, late = thirds(values)
        print(f"{name} of the loop: {early:.0f} in the first third, {late:.0f} in the last, {max(values):.0f} at most")
        if late > early + most:
            found.append(f"{late - early:.0f} {name} more than at the beginning")
    return found


def thirds(values: Sequence[float]) -> tuple[float, float]:
    """Medians of the first and of the last third."""
    third = max(1, len(values) // 3)
    return median(values[:third]), median(values[-third:])


def main(words: Sequence[str] | None = None) -> int:
    """Live through a night, and tell what it left; `words` in place of the command line's."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--sandbox", default="docker", choices=["docker", "bubblewrap", "landlock", "process"])
    parser.add_argument("--engine", default="", help="starts the Docker daemon; without it the daemon is left alone")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    began_s = time.monotonic()
    with small_disk() as disk:
        night = Night(options, disk)
        try:
            night.live()
        finally:
            night.close()
        ends = last_words(disk.parent / "loop.out")
        wrong = [
            *lost_or_told_twice(night.memory, options.units),
            *command_fails(night.memory, "rebuild", "--check"),
            *command_fails(night.memory, "evidence", "--verify"),
            *grown(night.seen),
            *processes_named(str(disk)),
            *(f"container {each}" for life in night.seen.lives for each in containers(f"{OWNER}={life}")),
        ]
    troubles = ", ".join(f"{name} {count}" for name, count in sorted(night.seen.troubles.items()))
    for said, times in sorted(ends.items()):
        print(f"{times} x {said}")
    print(
        f"{night.finished} attempts in {time.monotonic() - began_s:.0f} s and {len(night.seen.lives)} lives; {troubles}"
    )
    for each in itertools.islice(wrong, 20):
        print(f"WRONG: {each}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
