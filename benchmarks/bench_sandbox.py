"""What one job costs in each kind of sandbox, measured in turn in one run.

    python -m benchmarks.bench_sandbox [--rounds 30] [--seconds 8]

A job prints 42; a grading is a right solution under a task of three checks, one process for it and one for the judge.
For comparison: the same job as a plain subprocess, and in the hardened `docker run --rm` that textbooks show. Every
round takes each once, so that what else the machine does falls on all alike; throughput is of two workers.
"""

import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median, quantiles
from typing import get_args

from executor.choose_sandbox import SandboxKind, choose_sandbox
from executor.grading.grade import grade
from executor.process_sandbox import base_python
from executor.sandbox import Job, Sandbox
from memory.attempts import AttemptLimits
from memory.tasks import Check, Task
from utils.errors import InputError

Action = Callable[[], bool]
PRINTS = "print(6 * 7)"
HARDENED = (
    "docker", "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt",
    "no-new-privileges", "--pids-limit", "64", "--memory", "512m", "--memory-swap", "512m", "--cpus", "1", "--ipc",
    "none", "--log-driver", "none", "--user", "65534:65534", "--tmpfs", "/tmp:rw,nosuid,nodev,size=64m",
)  # fmt: skip
SOLUTION = "def add(a, b):\n    return a + b\n"
ADD = Task(
    id="add",
    name="add",
    goal="add(a, b)",
    entry_point="add",
    checks=tuple(Check(name=str(n), code=f"assert add({n}, 1) == {n + 1}") for n in range(3)),
)
LIMITS = AttemptLimits(wall_s=10.0, cpu_s=5.0, memory_mb=256)
WORKERS = 2


def plain(*command: str) -> Action:
    """A command that prints 42, as a subprocess."""
    return lambda: subprocess.run(command, capture_output=True, check=False, timeout=60).stdout == b"42\n"


def job(sandbox: Sandbox) -> Action:
    """The job in a sandbox."""
    return lambda: sandbox.run(Job(argv=("python", "-c", PRINTS))).stdout.head == b"42\n"


def grading(sandbox: Sandbox) -> Action:
    """The grading in a pair of sandboxes."""
    return lambda: grade(ADD, SOLUTION, sandbox, limits=LIMITS).outcome == "passed"


def contestants(stack: ExitStack) -> dict[str, Action]:
    """What this machine can do, by name; what it cannot is named."""
    found: dict[str, Action] = {"plain subprocess": plain(str(base_python()), "-s", "-S", "-P", "-c", PRINTS)}
    for kind in get_args(SandboxKind):
        try:
            sandbox = choose_sandbox(kind, trusted_code_only=True)
        except InputError as missing:
            print(f"not here: {missing}")
            continue
        stack.callback(sandbox.close)
        if sandbox.tier.image:
            found["docker run --rm"] = plain(*HARDENED, sandbox.tier.image, "/usr/bin/python3", "-c", PRINTS)
        found[f"{kind}: job"], found[f"{kind}: graded"] = job(sandbox), grading(sandbox)
    return found


def taken_ms(action: Action) -> float:
    """How long it took; it has to be right."""
    began = time.perf_counter()
    if not action():
        raise AssertionError("the result is wrong")
    return 1000 * (time.perf_counter() - began)


def latencies(actions: Mapping[str, Action], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each, one of each a round, after one round for nothing."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(rounds + 1):
        for name, action in actions.items():
            took = taken_ms(action)
            times[name] += [took] if number else []
    return times


def per_second(action: Action, seconds: float) -> float:
    """How many two workers get done."""
    until = time.monotonic() + seconds

    def work(_: int) -> int:
        done = 0
        while time.monotonic() < until:
            taken_ms(action)
            done += 1
        return done

    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        done = sum(pool.map(work, range(WORKERS)))
    return done / (time.monotonic() - began)


def main() -> int:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args()
    with ExitStack() as stack:
        actions = contestants(stack)
        times = latencies(actions, given.rounds)
        print(f"{given.rounds} rounds; throughput over {given.seconds:.0f} s with {WORKERS} workers")
        print(f"{'':<22}{'median ms':>10}{'p90 ms':>10}{'per second':>12}")
        for name, action in actions.items():
            p90 = quantiles(times[name], n=10)[-1]
            print(f"{name:<22}{median(times[name]):>10.1f}{p90:>10.1f}{per_second(action, given.seconds):>12.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
