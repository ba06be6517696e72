"""What honest jobs get of a sandbox under a storm of attacks; exit code 1 if any result is wrong.

    python -m benchmarks.storm_sandbox [--kind docker] [--rounds 3] [--seconds 10] [--attacks NAME,NAME] [--label L=V]

Two workers share one sandbox. In calm each does one honest job after the other; in a storm each has an attack before
every honest job. Calm and storm take turns, so that what else the machine does falls on both. Printed are honest jobs
a second, over all the time and over that which was not spent in attacks, how long one takes, how many slots were
started (each beyond the first ones stands for one that died or was worn out), and how often the sandbox was away.
Containers are counted by their label in the engine's own record of starts, restarts included; for containers that
somebody else starts, as a compose file does, name their label.
"""

import itertools
import os
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import get_args

from benchmarks.attacks import LIMITS, Attack, attacks_for
from benchmarks.contenders import SERVICES
from benchmarks.host_use import own_label
from benchmarks.services import label, served
from executor.choose_sandbox import SandboxKind, choose_sandbox
from executor.sandbox import Job, Sandbox, Status
from utils.errors import InputError, SandboxFault

WORKERS = 2
PAUSE_S = 0.2  # after a fault, as the loop has it, only shorter
HONEST = Job(argv=("python", "main.py"), files={"main.py": b"print(6 * 7)"}, fresh=False, limits=LIMITS)


Starts = Callable[[], int]


@contextmanager
def started_processes() -> Iterator[Starts]:
    """How many processes the makers of slots have started here since then, by Python's own record of them."""
    heard: list[str] = []

    def hear(event: str, _: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and threading.current_thread().name.startswith("slot-maker"):
            heard.append(event)

    sys.addaudithook(hear)
    yield lambda: len(heard)


@contextmanager
def started_containers(label: str) -> Iterator[Starts]:
    """How often containers with a label were started since then, by the engine's record, of which it keeps little."""
    wanted = ("--filter", "type=container", "--filter", "event=start", "--filter", f"label={label}")
    heard: list[str] = []
    with subprocess.Popen(
        ("docker", "events", *wanted, "--format", "{{.ID}}"), stdout=subprocess.PIPE, text=True
    ) as events:
        assert events.stdout is not None
        listener = threading.Thread(target=heard.extend, args=(events.stdout,))
        listener.start()
        try:
            yield lambda: len(heard)
        finally:
            events.terminate()
            listener.join()


@dataclass(slots=True)
class Weather:
    """What happened in all phases of one kind."""

    honest_ms: list[float] = field(default_factory=list)
    elapsed_s: float = 0.0
    attacked_s: float = 0.0
    slots: int = 0
    attacks: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Honest jobs answered a second, of both workers together."""
        return len(self.honest_ms) / self.elapsed_s

    @property
    def per_free_second(self) -> float:
        """The same over the time that no worker spent in an attack."""
        return len(self.honest_ms) / (self.elapsed_s - self.attacked_s / WORKERS)

    def line(self, name: str) -> str:
        """For people."""
        p90 = quantiles(self.honest_ms, n=10, method="inclusive")[-1]
        return (
            f"{name:<6}{self.per_second:>10.1f}{self.per_free_second:>12.1f}{median(self.honest_ms):>11.1f}{p90:>9.1f}"
            f"{self.attacks.total():>9}{self.slots:>7}{len(self.faults):>8}{len(self.wrong):>7}"
        )


HEADER = (
    f"{'':<6}{'honest/s':>10}{'free time/s':>12}{'median ms':>11}{'p90 ms':>9}{'attacks':>9}{'slots':>7}{'faults':>8}"
    f"{'wrong':>7}"
)


class Storm:
    """One sandbox in calm and in storm."""

    def __init__(self, sandbox: Sandbox, hostile: Sequence[Attack], starts: Starts) -> None:
        self._sandbox, self._starts = sandbox, starts
        self._hostile: Iterator[Attack] = itertools.cycle(hostile)
        self._lock = threading.Lock()
        self.calm, self.storm = Weather(), Weather()

    def phase(self, weather: Weather, *, seconds: float) -> None:
        """Both workers for so long, and until their last jobs have ended."""
        began, slots = time.monotonic(), self._starts()
        with ThreadPoolExecutor(WORKERS) as pool:
            for worker in [pool.submit(self._work, weather, began + seconds) for _ in range(WORKERS)]:
                worker.result()
        weather.elapsed_s += time.monotonic() - began
        weather.slots += self._starts() - slots

    def _work(self, weather: Weather, until: float) -> None:
        while time.monotonic() < until:
            try:
                if weather is self.storm:
                    self._attack(weather)
                self._be_honest(weather)
            except SandboxFault as fault:
                weather.faults.append(str(fault))
                time.sleep(PAUSE_S)

    def _attack(self, weather: Weather) -> None:
        with self._lock:
            attack = next(self._hostile)
        argv, files = ("python", "main.py", "storm"), {"main.py": attack.source.encode()}
        began = time.monotonic()
        try:
            result = self._sandbox.run(Job(argv=argv, files=files, stdin=bytes(1 << 18), limits=attack.limits))
        finally:
            with self._lock:
                weather.attacked_s += time.monotonic() - began
        weather.attacks[attack.name] += 1
        if "BREACH" in result.stdout.text or result.status not in attack.statuses:
            weather.wrong.append(f"{attack.name}: {result.status} {result.detail} {result.stdout.text[:200]}")

    def _be_honest(self, weather: Weather) -> None:
        began = time.monotonic()
        result = self._sandbox.run(HONEST)
        weather.honest_ms.append(1000 * (time.monotonic() - began))
        if (result.status, result.stdout.text) != (Status.EXIT, "42\n"):
            weather.wrong.append(f"honest: {result.status} {result.detail} {result.stderr.text[:200]}")


def chosen(kind: str, names: str) -> list[Attack]:
    """The attacks of these names, or all that this kind survives.

    Raises:
        InputError: there is none of that name for this kind.
    """
    found = {attack.name: attack for attack in attacks_for(kind)}
    wanted = names.split(",") if names else [*found]
    if unknown := [name for name in wanted if name not in found]:
        raise InputError(f"--attacks {unknown[0]}: no attack of that name for {kind}; there are {', '.join(found)}")
    return [found[name] for name in wanted]


def stormed(storm: Storm, *, rounds: int, seconds: float) -> int:
    """Let calm and storm take turns, print what came of it; the exit code."""
    storm.phase(Weather(), seconds=1)  # the first slots are there
    for _ in range(rounds):
        storm.phase(storm.calm, seconds=seconds)
        storm.phase(storm.storm, seconds=seconds)
    print(HEADER, storm.calm.line("calm"), storm.storm.line("storm"), sep="\n")
    kept = storm.storm.per_second / storm.calm.per_second
    free = storm.storm.per_free_second / storm.calm.per_free_second
    print(f"of the honest jobs of calm, a storm lets through {kept:.1%}; of its time outside of attacks, {free:.1%}")
    faults, wrong = (getattr(storm.calm, name) + getattr(storm.storm, name) for name in ("faults", "wrong"))
    print(f"load {os.getloadavg()[0]:.2f}", *(f"fault: {what}" for what in faults[:10]), *wrong[:20], sep="\n  ")
    return int(bool(wrong))


def main(arguments: Sequence[str] | None = None) -> int:
    """Storm one kind of sandbox."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=get_args(SandboxKind), default="docker")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each calm and each storm")
    parser.add_argument("--attacks", default="", help="only these")
    parser.add_argument("--label", default="", help="of the containers that are counted, if not this process's own")
    given = parser.parse_args(arguments)
    try:
        hostile = chosen(given.kind, given.attacks)
    except InputError as wrong:
        parser.error(str(wrong))
    labels = {"docker": own_label(), "socket": label()}
    counted = given.label or labels.get(given.kind, "")
    socket = given.kind == "socket"
    chosen_one = served(SERVICES) if socket else closing(choose_sandbox(given.kind, trusted_code_only=False))
    with (
        chosen_one as sandbox,
        started_containers(counted) if counted else started_processes() as starts,
    ):
        print(
            f"{given.kind}: {len(hostile)} attacks in turn, {WORKERS} workers; load {os.getloadavg()[0]:.2f}",
            flush=True,
        )
        return stormed(Storm(sandbox, hostile, starts), rounds=given.rounds, seconds=given.seconds)


if __name__ == "__main__":
    sys.exit(main())
