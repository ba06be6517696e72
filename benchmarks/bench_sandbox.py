"""What a job and a grading cost in each kind of sandbox, measured in turn in one run; exit code 1 if a goal is missed.

    python -m benchmarks.bench_sandbox [--rounds 30] [--slices 8] [--answers 328] [--beside CHECKOUT]

`benchmarks.contenders` says what is compared. In every round each contender runs once, in an order that is shuffled
anew, so that whatever else the machine does falls on all alike; ratios are of one run for the same reason. Throughput
is that of two workers, in slices of a second in shuffled order. Recorded answers are graded one after the other, each
in both kinds before the next. With `--beside` the checkout of another build grades the same in turn. Before each
measurement there is a moment of quiet, as there is between the gradings of a night, so that the cleaning up and the
spares of one are not paid for by the next.
"""

import os
import random
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.beside import CHECKOUT, cpu_s, row
from benchmarks.contenders import (
    LIMITS,
    PLAIN,
    PLAIN_CHECKS,
    RUN,
    Action,
    Contender,
    beside_of,
    contenders,
    fork_of,
    graded_of,
    opened,
    others,
)
from benchmarks.recorded import Answer, answers, canonical, one_task
from executor.choose_sandbox import SandboxKind
from executor.grading.grade import grade
from executor.sandbox import Sandbox

WORKERS = 2
SLICE_S, QUIET_S = 1.0, 0.05
GRADERS: tuple[SandboxKind, ...] = ("docker", "bubblewrap")
TIMES_OF_RUN, TIMES_OF_PLAIN, TIMES_OF_OTHER, ANSWER_MS = 20.0, 3.0, 1.6, 25.0
CPU_OF_OTHER, CPU_ROUNDS = 1.3, 5
"""All canonical solutions of HumanEval against another build, and how often either grades them."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and its bound: at least `least`, or at most `most`. A figure of None was not measured here."""

    name: str
    figure: float | None
    least: float = float("-inf")
    most: float = float("inf")

    @property
    def held(self) -> bool:
        """Whether it was measured and is within its bound."""
        return self.figure is not None and self.least <= self.figure <= self.most

    def line(self) -> str:
        """For people."""
        wanted = f"at least {self.least:g}" if self.most == float("inf") else f"at most {self.most:g}"
        found = "not measured here" if self.figure is None else f"{self.figure:.2f}"
        return f"{'held' if self.held else 'MISSED':<7} {self.name}: {found} ({wanted})"


def load() -> str:
    """How busy the machine is, for a reader of the figures."""
    return f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores"


def taken_ms(action: Action, *, quiet_s: float = 0.0) -> float:
    """How long it took; it has to be right."""
    time.sleep(quiet_s)
    began = time.perf_counter()
    if not action():
        raise AssertionError("the result is wrong")
    return 1000 * (time.perf_counter() - began)


def latencies(rivals: Sequence[Contender], rounds: int, lots: random.Random) -> dict[str, list[float]]:
    """Milliseconds of each by name, one of each a round, after two rounds for nothing."""
    times: dict[str, list[float]] = {each.name: [] for each in rivals}
    for number in range(-2, rounds):
        for each in lots.sample(rivals, len(rivals)):
            took = taken_ms(each.action, quiet_s=QUIET_S)
            times[each.name] += [took] if number >= 0 else []
    return times


def throughputs(rivals: Sequence[Contender], slices: int, lots: random.Random) -> dict[str, float]:
    """Results a second of two workers, by name: the median of some slices."""
    rates: dict[str, list[float]] = {each.name: [] for each in rivals}
    for _ in range(slices):
        for each in lots.sample(rivals, len(rivals)):
            time.sleep(QUIET_S)
            rates[each.name].append(per_second(each.action, SLICE_S))
    return {name: median(found) for name, found in rates.items()}


def per_second(action: Action, seconds: float) -> float:
    """How many two workers get done; each is counted over the time until its own last one is done."""
    began = time.monotonic()

    def work(_: int) -> float:
        done = 0
        while time.monotonic() < began + seconds:
            taken_ms(action)
            done += 1
        return done / (time.monotonic() - began)

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(work, range(WORKERS)))


def answers_ms(
    graders: Mapping[str, Sandbox], recorded: Sequence[Answer], lots: random.Random
) -> dict[str, list[float]]:
    """Milliseconds of each grading by kind of sandbox; every verdict has to be the recorded one."""
    times: dict[str, list[float]] = {kind: [] for kind in graders}
    for answer in recorded:
        for kind in lots.sample([*graders], len(graders)):
            time.sleep(QUIET_S)
            began = time.perf_counter()
            verdict = grade(answer.task, answer.source, graders[kind], limits=LIMITS)
            times[kind].append(1000 * (time.perf_counter() - began))
            if (verdict.outcome == "passed") != answer.passes:
                raise AssertionError(f"{answer.task.id} in {kind} is {verdict.outcome}: {verdict.error}")
    return times


def table(times: Mapping[str, Sequence[float]], rates: Mapping[str, float]) -> str:
    """A line for each contender: milliseconds of one, results a second of two workers, both against two of them."""
    lines = [f"{'':<34}{'median ms':>10}{'p90 ms':>9}{'/ plain':>9}{'per second':>12}{'/ docker run':>14}"]
    for name, taken in times.items():
        plainly = f"{median(taken) / median(times[PLAIN]):>9.2f}"
        rate = f"{rates[name]:>12.1f}" if name in rates else f"{'-':>12}"
        against = f"{rates[name] / rates[RUN]:>14.1f}" if {RUN, name} <= rates.keys() else f"{'-':>14}"
        p90 = quantiles(taken, n=10, method="inclusive")[-1]
        lines.append(f"{name:<34}{median(taken):>10.1f}{p90:>9.1f}{plainly}{rate}{against}")
    return "\n".join(lines)


def goals(
    times: Mapping[str, Sequence[float]], rates: Mapping[str, float], graded: Mapping[str, Sequence[float]]
) -> list[Goal]:
    """What this project promises of its sandboxes, with what was found."""
    forks, runs = rates.get(fork_of("docker")), rates.get(RUN)
    found = [
        Goal(
            "docker in fork mode, throughput / that of docker run --rm",
            forks / runs if forks and runs else None,
            least=TIMES_OF_RUN,
        )
    ]
    for kind in GRADERS:
        pair = times.get(graded_of(kind))
        ratio = median(pair) / median(times[PLAIN_CHECKS]) if pair else None
        found.append(
            Goal(
                f"a graded pair in {kind}, median / that of its checks in a plain subprocess",
                ratio,
                most=TIMES_OF_PLAIN,
            )
        )
        other = times.get(beside_of(kind))
        if pair and other:
            found.append(
                Goal(
                    f"a graded pair in {kind}, median / that of the other build",
                    median(pair) / median(other),
                    most=TIMES_OF_OTHER,
                )
            )
    for kind in GRADERS:
        taken = graded.get(kind)
        found.append(Goal(f"a recorded answer in {kind}, median ms", median(taken) if taken else None, most=ANSWER_MS))
    return found


def canonical_goal(checkout: Path, kind: SandboxKind) -> Goal:
    """What the CPU time of HumanEval's canonical solutions is as a multiple of another build's, one after the other."""
    lines = [row(task, task.reference or "") for task in canonical()]
    ratios = []
    for _ in range(CPU_ROUNDS if lines else 0):
        ours, theirs = cpu_s(CHECKOUT, kind, lines), cpu_s(checkout, kind, lines)
        print(
            f"{len(lines)} canonical solutions in {kind}: {ours:.2f} s of CPU, other build {theirs:.2f} s", flush=True
        )
        ratios.append(ours / theirs)
    name = f"HumanEval's canonical solutions in {kind}, CPU / that of the other build"
    return Goal(name, median(ratios) if ratios else None, most=CPU_OF_OTHER)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--slices", type=int, default=8)
    parser.add_argument("--answers", type=int, default=328, help="how many recorded answers are graded")
    parser.add_argument("--beside", type=Path, help="the checkout of another build, with an environment of its own")
    parser.add_argument("--seed", type=int, default=0, help="of the orders")
    given = parser.parse_args(arguments)
    lots, task = random.Random(given.seed), one_task()
    with ExitStack() as stack:
        rivals = contenders(stack, task)
        here = [kind for kind in GRADERS if any(each.name == graded_of(kind) for each in rivals)]
        beside = others(stack, task, given.beside, here) if given.beside else []
        print(f"{given.rounds} rounds, {given.slices} slices; a graded pair is {task.id}; {load()}", flush=True)
        times = latencies([*rivals, *beside], given.rounds, lots)
        rates = throughputs(rivals, given.slices, lots)
        print(table(times, rates), load(), sep="\n", flush=True)
    with ExitStack() as stack:
        recorded = answers()[: given.answers]
        graded = answers_ms(opened(stack, GRADERS), recorded, lots) if recorded else {}
    for kind, taken in graded.items():
        deciles = quantiles(taken, n=10, method="inclusive")
        told = f"median {median(taken):.1f} ms, p10 {deciles[0]:.1f} ms, p90 {deciles[-1]:.1f} ms"
        print(f"{len(taken)} recorded answers in {kind}: {told}")
    promised = goals(times, rates, graded)
    promised += [canonical_goal(given.beside, "bubblewrap")] if given.beside else []
    print(load(), *(goal.line() for goal in promised), sep="\n")
    return int(not all(goal.held for goal in promised))


if __name__ == "__main__":
    sys.exit(main())
