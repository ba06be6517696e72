"""What a watcher costs the loop: the same rehearsal, again and again, with `watch` looking on and without.

python -m benchmarks.bench_watch --pairs 5 --cycles 40

Both nights of a pair have the same seed and so do the same work, one after the other, in changing order. Compared are
the CPU seconds of the loop and all its children, and the time from the first decision to the last outcome; the ratio is
that of the medians over all pairs. Beside it stands what the watcher itself takes of a processor while it looks on. On
a machine with other work to do only the CPU seconds tell something.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one cycle, in seconds; `watcher` is the watcher's share of a processor while the loop ran."""

    cpu_s: float
    wall_s: float
    watcher: float


def main() -> None:
    """Print both costs and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cycles", type=int, default=40)
    options = parser.parse_args()
    costs: dict[bool, list[Cost]] = {False: [], True: []}
    for pair in range(options.pairs):
        for watched in (False, True) if pair % 2 else (True, False):
            costs[watched].append(one_night(watched=watched, cycles=options.cycles, seed=pair + 1))
    for name in ("cpu_s", "wall_s"):
        without, with_ = (
            statistics.median(getattr(each, name) for each in costs[watched]) for watched in (False, True)
        )
        print(
            f"{name} of a cycle: {without * 1000:.1f} ms without, {with_ * 1000:.1f} ms with a watcher, "
            f"ratio {with_ / without:.3f} (median of {options.pairs} pairs)"
        )
    shares = [each.watcher for each in costs[True]]
    print(f"the watcher itself: {statistics.median(shares):.2%} of a processor")


def one_night(*, watched: bool, cycles: int, seed: int) -> Cost:
    """A rehearsal in a new memory."""
    with tempfile.TemporaryDirectory() as folder:
        memory = Path(folder) / "m"
        (memory / "inbox").mkdir(parents=True)
        with watcher(memory) if watched else no_watcher() as used_s:
            began_s, used_before_s = time.monotonic(), used_s()
            command = [
                sys.executable, "loop.py", "--llm", "rehearsal", "--sandbox", "process", "--max-repairs", "0",
                "--cycles", str(cycles), "--seed", str(seed), "--memory", str(memory),
            ]  # fmt: skip
            process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            share = (used_s() - used_before_s) / (time.monotonic() - began_s)
        assert process.returncode == 0, "the loop failed"
        return Cost((used.ru_utime + used.ru_stime) / cycles, span_s(memory) / cycles, share)


def span_s(memory: Path) -> float:
    """From the first decision to the last outcome."""
    events = [
        json.loads(line) for path in (memory / "events").glob("*.jsonl") for line in path.read_bytes().splitlines()
    ]
    at = [datetime.fromisoformat(each["at"]) for each in events if each["data"]["kind"] in {"decided", "finished"}]
    return (max(at) - min(at)).total_seconds()


@contextmanager
def watcher(memory: Path) -> Iterator[Callable[[], float]]:
    """`watch` on this memory, as in a pipe; tells the CPU seconds that it has used."""
    process = subprocess.Popen(
        [sys.executable, "utils/cli.py", "watch", "--memory", str(memory)], cwd=CHECKOUT, stdout=subprocess.DEVNULL
    )
    time.sleep(3)  # it has started by then, and starting is not what is measured
    try:
        yield lambda: cpu_s(process.pid)
    finally:
        process.kill()
        process.wait()


@contextmanager
def no_watcher() -> Iterator[Callable[[], float]]:
    """The same wait, and nobody looks on."""
    time.sleep(3)
    yield lambda: 0.0


def cpu_s(pid: int) -> float:
    """What a process has used, by proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
