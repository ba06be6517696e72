"""Does a sandbox stay right, clean and small over thousands of jobs? Exit code 1 if not.

    python -m benchmarks.soak_sandbox [--jobs 5000] [--kind auto|docker|bubblewrap|landlock|process]

One job in eight is an attack out of tests/attacks/isolation, the others are honest and have a known result. Counted are
wrong results, what is left when all is over, and memory, descriptors and threads of the process that supervises, in
the first tenth against the last.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import get_args

from executor.choose_sandbox import SandboxKind, choose_sandbox
from executor.sandbox import ConversationEnded, Job, Limits, Program, Sandbox, Status
from utils.errors import SandboxFault

FOLDER = Path(__file__).parents[1] / "tests" / "attacks" / "isolation"
LIMITS = Limits(wall_s=10.0, cpu_s=5.0, memory_mb=256, file_mb=8, processes=32)
TIGHT = Limits(wall_s=1.5, cpu_s=1.0, memory_mb=256, file_mb=8, processes=32)
ONE_IN = 8
WORKERS = 2
GROWTH_MB, GROWTH_FDS, GROWTH_THREADS = 8.0, 2.0, 1.0
COUNTS = "import sys; print(sum(range(int(sys.argv[1])))); sys.exit(int(sys.argv[1]) % 7)"
REVERSES = "import sys; data = sys.stdin.read(); open('copy', 'w').write(data); print(open('copy').read()[::-1])"
ECHOES = "while (frame := channel.receive()) is not None:\n    channel.send(frame * 2)"


@dataclass(frozen=True, slots=True)
class Attack:
    """A hostile program and what its first line says of it: `# MUST: exit or timeout, only in isolation. It ..`."""

    name: str
    source: str

    @property
    def first_line(self) -> str:
        """What a correct sandbox does with it."""
        return self.source.partition("\n")[0]

    @property
    def statuses(self) -> set[Status]:
        """How it may end."""
        wanted = re.fullmatch(r"# MUST: ([a-z_ ]+)[.,] ?.*", self.first_line)
        assert wanted is not None, self.name
        return {Status(word) for word in wanted[1].split(" or ")}

    @property
    def scope(self) -> str:
        """Where it can harm nobody: `anywhere`, `isolation` or `namespace`."""
        found = re.search(r", only in (?:an? )?(isolation|namespace)\.", self.first_line)
        return found[1] if found else "anywhere"

    @property
    def limits(self) -> Limits:
        """What it may use; more time where it is its CPU time that has to be noticed."""
        return replace(TIGHT, wall_s=8.0) if self.statuses == {Status.CPU_LIMIT} else TIGHT


def attacks(*scopes: str) -> list[Attack]:
    """The attacks of these scopes, by name."""
    found = [Attack(path.stem, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.py"))]
    return [attack for attack in found if attack.scope in scopes]


def attacks_for(kind: str) -> list[Attack]:
    """The attacks that a sandbox of this kind should survive without harm to the host."""
    scopes = {"process": ("anywhere",), "landlock": ("anywhere", "isolation")}
    return attacks(*scopes.get(kind, ("anywhere", "isolation", "namespace")))


@dataclass(frozen=True, slots=True)
class Use:
    """What the supervising process held after a job."""

    memory_mb: float
    descriptors: int
    threads: int


def own_use() -> Use:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names only
    return Use(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, descriptors, threading.active_count())


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
        try:
            if number % ONE_IN == ONE_IN - 1:
                wrong = self._attacked(self._attacks[number // ONE_IN % len(self._attacks)])
            else:
                wrong = (self._counts, self._reverses, self._speaks)[number % 3](number)
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

    def _counts(self, number: int) -> str:
        result = self._sandbox.run(Job(argv=("python", "-c", COUNTS, str(number)), limits=LIMITS))
        self.statuses[result.status] += 1
        right = (Status.EXIT, number % 7, f"{sum(range(number))}\n")
        found = (result.status, result.exit_code, result.stdout.text)
        return "" if found == right else f"counted {found}, not {right}"

    def _reverses(self, number: int) -> str:
        text = f"{number} " * 2000
        result = self._sandbox.run(Job(argv=("python", "-c", REVERSES), stdin=text.encode(), limits=LIMITS))
        self.statuses[result.status] += 1
        found = (result.status, result.stdout.text)
        return (
            "" if found == (Status.EXIT, text[::-1] + "\n") else f"reversed {result.status} {result.stderr.text[:200]}"
        )

    def _speaks(self, number: int) -> str:
        frame = b"%d" % number
        conversation = self._sandbox.converse(Program(source=ECHOES, limits=LIMITS))
        try:
            conversation.send(frame)
            answer = conversation.receive()
        except ConversationEnded as ended:
            answer = str(ended).encode()
        result = conversation.close()
        self.statuses[result.status] += 1
        right = answer == frame * 2 and result.status is Status.EXIT
        return "" if right else f"answered {answer[:100]!r} and ended with {result.status}"


def left(marker: str, folder: Path) -> list[str]:
    """Processes, files and containers that are still there."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            found += [str(process)] if marker.encode() in (process / "cmdline").read_bytes() else []
        except OSError:
            continue
    found += [str(path) for path in folder.iterdir()]
    found += [str(path) for place in ("/dev/shm", "/tmp") for path in Path(place).glob(f"*{marker}*")]
    return found + containers()


def containers() -> list[str]:
    """Containers that this process has made; none where there is no engine."""
    command = ("docker", "ps", "--all", "--quiet", "--filter", f"label=builder-trainer.owner={os.getpid()}")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.split()
    except (OSError, subprocess.TimeoutExpired):
        return []


def growth(uses: Sequence[Use]) -> list[tuple[str, float, float, float]]:
    """What grew, its median in the first tenth and in the last, and by how much it may grow."""
    tenth = max(1, len(uses) // 10)
    rows = []
    for name, most in (("memory_mb", GROWTH_MB), ("descriptors", GROWTH_FDS), ("threads", GROWTH_THREADS)):
        first, last = (median(float(getattr(use, name)) for use in part) for part in (uses[:tenth], uses[-tenth:]))
        rows.append((name, first, last, most))
    return rows


def verdict(soak: Soak, remains: Sequence[str], *, jobs: int, took_s: float) -> int:
    """Print it all; 1 if anything is wrong, is left or grows."""
    ends = ", ".join(f"{count} {status}" for status, count in soak.statuses.most_common())
    print(f"{jobs} jobs in {took_s:.0f} s, {jobs / took_s:.1f} per second with {WORKERS} workers: {ends}")
    print(f"wrong results: {len(soak.wrong)}", *soak.wrong[:20], sep="\n  ")
    print(f"left behind: {len(remains)}", *remains[:20], sep="\n  ")
    print(f"{'of the supervisor':<20}{'first tenth':>12}{'last tenth':>12}{'may grow by':>12}")
    rows = growth(soak.uses)
    for name, first, last, most in rows:
        print(f"{name:<20}{first:>12.1f}{last:>12.1f}{most:>12.1f}")
    return int(bool(soak.wrong or remains) or any(last > first + most for _, first, last, most in rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak the wanted kind, or the best one for code that is not trusted."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--kind", choices=["auto", *get_args(SandboxKind)], default="auto")
    given = parser.parse_args(arguments)
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        tempfile.tempdir = name  # sandboxes without a file system of their own make their folders here
        try:
            sandbox = choose_sandbox(given.kind, trusted_code_only=False)
            print(f"{sandbox.tier.kind}: {sandbox.tier.reason}", flush=True)
            soak, began = Soak(sandbox), time.monotonic()
            soak.run(given.jobs)
            took_s = time.monotonic() - began
            sandbox.close()
            remains = left(soak.marker, folder)
        finally:
            tempfile.tempdir = before
    return verdict(soak, remains, jobs=given.jobs, took_s=took_s)


if __name__ == "__main__":
    sys.exit(main())
