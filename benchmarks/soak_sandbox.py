"""Does a sandbox stay right, clean and small over thousands of jobs? Exit code 1 if not.

    python -m benchmarks.soak_sandbox [--jobs 5000] [--kind auto|docker|bubblewrap|landlock|process]

One job in eight is an attack out of tests/attacks/isolation, the others are honest and have a known result: scripts and
programs, in forks and in fresh interpreters. Counted are wrong results; what is left when all is over: processes,
containers, files, sockets, memory; and what grows: memory, descriptors and threads of the process that supervises, in
the first tenth against the last, and the memory of the two processes that stay in a slot, while it is young and at its
end.
"""

import os
import sys
import tempfile
import threading
import time
import uuid
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import get_args

from benchmarks.attacks import LIMITS, Attack, attacks_for
from benchmarks.host_use import SlotUse, Use, adopt_orphans, left, own_label, own_use, slots
from executor.choose_sandbox import SandboxKind, choose_sandbox
from executor.sandbox import ConversationEnded, Job, Program, Sandbox, Status
from utils.errors import SandboxFault

ONE_IN = 8
WORKERS = 2
LOOK_EVERY_S = 0.5
CONNECTIONS = 25  # that docker-py keeps for later, at most; one lost with every slot would be more
YOUNG = 4  # looks at a slot, after which it has done jobs of every kind
COUNTS = "import sys; print(sum(range(int(sys.argv[1])))); sys.exit(int(sys.argv[1]) % 7)"
REVERSES = "import sys; data = sys.stdin.read(); open('copy', 'w').write(data); print(open('copy').read()[::-1])"
ECHOES = "while (frame := channel.receive()) is not None:\n    channel.send(frame * 2)"


@dataclass(frozen=True, slots=True)
class Growth:
    """A quantity early and late, and by how much it may have grown."""

    name: str
    early: float
    late: float
    most: float

    @property
    def within(self) -> bool:
        """Whether it is flat."""
        return self.late <= self.early + self.most

    def line(self) -> str:
        """For people."""
        return f"{self.name:<28}{self.early:>9.1f}{self.late:>9.1f}{self.most:>12.1f}{'' if self.within else '  GREW'}"


class Soak:
    """One sandbox under many jobs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._attacks = sandbox, attacks_for(sandbox.tier.kind)
        self.marker = f"soak{uuid.uuid4().hex}"
        self.wrong: list[str] = []
        self.uses: list[Use] = []
        self.statuses: Counter[str] = Counter()

    def run(self, jobs: int) -> None:
        """Run them all, two at a time."""
        with ThreadPoolExecutor(WORKERS) as pool:
            for number, wrong in enumerate(pool.map(self._one, range(jobs))):
                self.wrong += [f"job {number}: {wrong}"] if wrong else []

    def _one(self, number: int) -> str:
        """What was wrong with the job's result; empty if nothing."""
        fresh = bool(number // 3 % 2)
        try:
            if number % ONE_IN == ONE_IN - 1:
                wrong = self._attacked(self._attacks[number // ONE_IN % len(self._attacks)])
            else:
                wrong = (self._counts, self._reverses, self._speaks)[number % 3](number, fresh=fresh)
        except SandboxFault as fault:
            wrong = f"fault: {fault}"
        self.uses.append(own_use())
        return wrong

    def _attacked(self, attack: Attack) -> str:
        argv, files = ("python", "main.py", self.marker), {"main.py": attack.source.encode()}
        result = self._sandbox.run(Job(argv=argv, files=files, stdin=bytes(1 << 18), limits=attack.limits))
        self.statuses[result.status] += 1
        if "BREACH" in result.stdout.text:
            return f"{attack.name} got through: {result.stdout.text[:200]}"
        return "" if result.status in attack.statuses else f"{attack.name} ended with {result.status} {result.detail}"

    def _counts(self, number: int, *, fresh: bool) -> str:
        argv, files = ("python", "main.py", str(number)), {"main.py": COUNTS.encode()}
        result = self._sandbox.run(Job(argv=argv, files=files, fresh=fresh, limits=LIMITS))
        self.statuses[result.status] += 1
        right = (Status.EXIT, number % 7, f"{sum(range(number))}\n")
        found = (result.status, result.exit_code, result.stdout.text)
        return "" if found == right else f"counted {found}, not {right}"

    def _reverses(self, number: int, *, fresh: bool) -> str:
        text = f"{number} " * 2000
        argv, files = ("python", "main.py"), {"main.py": REVERSES.encode()}
        result = self._sandbox.run(Job(argv=argv, files=files, stdin=text.encode(), fresh=fresh, limits=LIMITS))
        self.statuses[result.status] += 1
        if (result.status, result.stdout.text) == (Status.EXIT, text[::-1] + "\n"):
            return ""
        return f"reversed {result.status} {result.stderr.text[:200]}"

    def _speaks(self, number: int, *, fresh: bool) -> str:
        frame = b"%d" % number
        conversation = self._sandbox.converse(Program(source=ECHOES, fresh=fresh, limits=LIMITS))
        try:
            conversation.send(frame)
            answer = conversation.receive()
        except ConversationEnded as ended:
            answer = str(ended).encode()
        result = conversation.close()
        self.statuses[result.status] += 1
        right = answer == frame * 2 and result.status is Status.EXIT
        return "" if right else f"answered {answer[:100]!r} and ended with {result.status}"


class SlotWatch:
    """Looks at the slots now and then, in a thread of its own."""

    def __init__(self) -> None:
        self.seen: defaultdict[str, list[SlotUse]] = defaultdict(list)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look while the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            for use in slots(own_label()):
                self.seen[use.slot].append(use)

    def growth(self) -> list[Growth]:
        """Of slots that were seen often: medians while they were young, and when they were last seen."""
        old = [uses for uses in self.seen.values() if len(uses) > 2 * YOUNG]
        if not old:
            return []
        early, late = ([use for uses in old for use in part(uses)] for part in (_young, _last))
        return [
            Growth("agent of a slot, MiB", _median(early, "agent_mb"), _median(late, "agent_mb"), 2.0),
            Growth("zygote of a slot, MiB", _median(early, "zygote_mb"), _median(late, "zygote_mb"), 2.0),
        ]


def _young(uses: Sequence[SlotUse]) -> Sequence[SlotUse]:
    return uses[:YOUNG]


def _last(uses: Sequence[SlotUse]) -> Sequence[SlotUse]:
    return uses[-YOUNG:]


def _median(uses: Sequence[Use] | Sequence[SlotUse], name: str) -> float:
    return median(float(getattr(use, name)) for use in uses)


def growth(uses: Sequence[Use], *, connections: int) -> list[Growth]:
    """Of the supervisor: medians over the first tenth of the jobs and over the last."""
    tenth = max(1, len(uses) // 10)
    bounds = (
        ("memory_mb", "supervisor, MiB", 8.0),
        ("descriptors", "descriptors", 4.0 + connections),
        ("threads", "threads", 3.0),  # its pools start their threads when there is work for one more
    )
    return [
        Growth(label, _median(uses[:tenth], name), _median(uses[-tenth:], name), most) for name, label, most in bounds
    ]


def verdict(soak: Soak, rows: Sequence[Growth], remains: Sequence[str]) -> int:
    """Print it all; 1 if anything is wrong, is left or grows."""
    print("ends:", ", ".join(f"{count} {status}" for status, count in soak.statuses.most_common()))
    print(f"wrong results: {len(soak.wrong)}", *soak.wrong[:20], sep="\n  ")
    print(f"left behind: {len(remains)}", *remains[:20], sep="\n  ")
    print(f"{'':<28}{'early':>9}{'late':>9}{'may grow by':>12}")
    print(*(row.line() for row in rows), sep="\n")
    return int(bool(soak.wrong or remains) or not all(row.within for row in rows))


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder in which sandboxes without a file system of their own make theirs."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        tempfile.tempdir = name
        try:
            yield folder
        finally:
            tempfile.tempdir = before


def soaked(kind: SandboxKind, jobs: int) -> int:
    """Soak a sandbox of that kind; the exit code."""
    adopt_orphans()
    with own_folder() as folder:
        sandbox = choose_sandbox(kind, trusted_code_only=False)
        print(f"{sandbox.tier.kind}: {sandbox.tier.reason}; load {os.getloadavg()[0]:.2f}", flush=True)
        soak, watch, began = Soak(sandbox), SlotWatch(), time.monotonic()
        with watch.watching():
            soak.run(jobs)
        took_s = time.monotonic() - began
        sandbox.close()
        remains = left(soak.marker, folder)
    print(f"{jobs} jobs in {took_s:.0f} s, {jobs / took_s:.1f} per second with {WORKERS} workers", end="; ")
    print(f"{len(watch.seen)} slots seen; load {os.getloadavg()[0]:.2f}")
    return verdict(
        soak, growth(soak.uses, connections=CONNECTIONS if sandbox.tier.image else 0) + watch.growth(), remains
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak the wanted kind, or the best one for code that is not trusted."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--kind", choices=["auto", *get_args(SandboxKind)], default="auto")
    given = parser.parse_args(arguments)
    return soaked(given.kind, given.jobs)


if __name__ == "__main__":
    sys.exit(main())
