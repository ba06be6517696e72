"""What lookers cost the loop: the same rehearsal again and again, with nobody, `watch`, or `serve` with a page open.

    python -m benchmarks.bench_watch [--rounds 3] [--cycles 60]

The nights of a round have the same seed and so do the same work, one after the other, in changing order. A looker
takes no lock of the loop's and writes nothing, so that it costs the loop what it takes of the processors. This is what
is judged: its CPU seconds as a share of the time that the run took, which may be MOST. Cycles of the rehearsal take
half a second; those of a model that has to think take longer, and so does the same share. Beside it stand the loop's
own CPU seconds and time a cycle, with each looker and without: the same night differs by some percent from one time to
the next, so that they show no hundredth.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

CHECKOUT = Path(__file__).resolve().parents[1]
LOOKERS = ("nobody", "watch", "serve")
MOST = 0.01
STARTING_S = 4.0
"""A looker has started by then, and starting is not what is measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and time of one cycle, in seconds; `looker` is the looker's share of a processor while the loop ran."""

    cpu_s: float
    wall_s: float
    looker: float


def main() -> int:
    """Print what each looker takes; exit code 1 if one takes more than MOST."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cycles", type=int, default=60)
    options = parser.parse_args()
    costs: dict[str, list[Cost]] = {name: [] for name in LOOKERS}
    for number in range(options.rounds):
        turn = number % len(LOOKERS)
        for name in LOOKERS[turn:] + LOOKERS[:turn]:
            costs[name].append(one_night(name, cycles=options.cycles, seed=number + 1))
    for name in LOOKERS:
        cpu_s, wall_s = (_median(costs[name], figure) for figure in ("cpu_s", "wall_s"))
        print(
            f"{name:<6}: {_median(costs[name], 'looker'):.2%} of a processor (at most {MOST:.0%}); the loop itself "
            f"{cpu_s * 1000:.0f} ms of CPU and {wall_s * 1000:.0f} ms a cycle, "
            f"{cpu_s / _median(costs['nobody'], 'cpu_s'):.3f} and {wall_s / _median(costs['nobody'], 'wall_s'):.3f} "
            "of what it takes when nobody looks"
        )
    return int(any(_median(found, "looker") > MOST for found in costs.values()))


def _median(costs: list[Cost], figure: str) -> float:
    return statistics.median([float(getattr(each, figure)) for each in costs])


def one_night(name: str, *, cycles: int, seed: int) -> Cost:
    """A rehearsal, with this looker, in a memory with a short one before it: the looker has shown that by then."""
    with tempfile.TemporaryDirectory() as folder:
        memory = Path(folder) / "m"
        run_loop(memory, cycles=2, seed=seed)
        with looker(name, memory) as pid:
            time.sleep(STARTING_S)
            began_s, began_at, used_before_s = time.monotonic(), datetime.now(UTC), cpu_s(pid)
            used_s = run_loop(memory, cycles=cycles, seed=seed)
            share = (cpu_s(pid) - used_before_s) / (time.monotonic() - began_s)
        return Cost(used_s / cycles, span_s(memory, began_at) / cycles, share)


def run_loop(memory: Path, *, cycles: int, seed: int) -> float:
    """A run; the CPU seconds of the loop and all its children."""
    command = [
        sys.executable, "loop.py", "--llm", "rehearsal", "--sandbox", "process", "--max-repairs", "0",
        "--cycles", str(cycles), "--seed", str(seed), "--memory", str(memory),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the loop failed"
    return used.ru_utime + used.ru_stime


@contextmanager
def looker(name: str, memory: Path) -> Iterator[int]:
    """The process that looks on, by its id; for nobody one that sleeps."""
    options = {"watch": ("watch", "--memory", str(memory)), "serve": ("serve", "--port", "0", "--memory", str(memory))}
    cli = [sys.executable, "-u", "utils/cli.py", *options[name]] if name in options else ["sleep", "infinity"]
    process = subprocess.Popen(cli, cwd=CHECKOUT, stdout=subprocess.PIPE if name == "serve" else subprocess.DEVNULL)
    try:
        if process.stdout is not None:
            threading.Thread(target=follow, args=(process.stdout.readline().decode().strip(),), daemon=True).start()
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def follow(url: str) -> None:
    """Do what an open page does until the server is gone: hear of events, and load itself anew for each."""
    with suppress(OSError, http.client.HTTPException):
        host = urlsplit(url).netloc
        stream = http.client.HTTPConnection(host)
        stream.request("GET", "/events")
        answer = stream.getresponse()
        while line := answer.readline():
            if line.startswith(b"data: "):
                page = http.client.HTTPConnection(host)
                page.request("GET", "/")
                page.getresponse().read()
                page.close()


def span_s(memory: Path, since: datetime) -> float:
    """From the first decision after a moment to the last outcome."""
    events = [
        json.loads(line) for path in (memory / "events").glob("*.jsonl") for line in path.read_bytes().splitlines()
    ]
    units = [each["at"] for each in events if each["data"]["kind"] in {"decided", "finished"}]
    at = [moment for moment in map(datetime.fromisoformat, units) if moment >= since]
    return (max(at) - min(at)).total_seconds()


def cpu_s(pid: int) -> float:
    """What a process has used, by proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
