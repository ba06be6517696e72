"""Does the judge say what plain Python says, of wrong and of right programs that nobody wrote to fool it?

    python -m benchmarks.judge_mutants [--mutants 300] [--rewritings 150] [--seed 0] [--sandbox auto]

Mutants of the curriculum's references hold one small mistake each and are drawn among those that plain Python fails, by
the task's checks and fresh inputs; most of them have to fail here. Honest rewritings of the references are drawn among
those that plain Python passes; nearly all of them have to pass. Both are judged on the same fresh inputs as in plain
Python. Each difference is named; exit code 1 if there are too many.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from benchmarks.plain_python import plain_flaw
from benchmarks.rewritings import rewritings
from executor.choose_sandbox import choose_sandbox
from executor.grading.grade import grade
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits
from memory.task_sources import built_in_curriculum
from memory.tasks import Task
from utils.mutants import mutants
from utils.text import one_line

MUTANTS_FAIL = 0.95
REWRITINGS_PASS = 0.98
LIMITS = AttemptLimits(wall_s=8.0, cpu_s=2.0, memory_mb=512)
WHY_CHARS = 160


@dataclass(frozen=True, slots=True)
class Program:
    """A program for a task, and what was done to the task's reference to make it."""

    task: Task
    source: str
    told: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of programs of which plain Python says the same.

    Attributes:
        programs: all of them.
        outcome: what each should come to here.
        differences: the others, in words.
        least: the share that has to come to it.
    """

    programs: Sequence[Program]
    outcome: str
    differences: Sequence[str]
    least: float

    @property
    def agreed(self) -> int:
        """How many came to what they should."""
        return len(self.programs) - len(self.differences)

    @property
    def reached(self) -> bool:
        """Whether these are enough."""
        return bool(self.programs) and self.agreed >= self.least * len(self.programs)


def mutants_of(task: Task) -> list[Program]:
    """The reference with one small mistake, in every way."""
    return [Program(task, each.source, each.description) for each in mutants(task.reference or "")]


def rewritings_of(task: Task) -> list[Program]:
    """The reference as others might have written it."""
    return [Program(task, each.source, each.way) for each in rewritings(task.reference or "", task.callable_names)]


def drawn(
    programs_of: Callable[[Task], list[Program]], *, wrong: bool, count: int, seed: int, tasks: Sequence[Task]
) -> list[Program]:
    """That many programs of which plain Python says that they are wrong, or right; the same for the same seed."""
    every = [program for task in tasks for program in programs_of(task)]
    order = np.random.default_rng(seed).permutation(len(every))
    return list(_first(count, (every[at] for at in order), wrong=wrong))


def _first(count: int, programs: Iterator[Program], *, wrong: bool) -> Iterator[Program]:
    found = 0
    for program in programs:
        if found == count:
            return
        if bool(plain_flaw(program.task, program.source)) == wrong:
            found += 1
            yield program


def compared(programs: Sequence[Program], outcome: str, sandbox: Sandbox, *, least: float) -> Compared:
    """Grade each and tell those that come to something else."""
    told = [_difference(program, outcome, sandbox) for program in programs]
    return Compared(programs, outcome, [each for each in told if each], least)


def _difference(program: Program, outcome: str, sandbox: Sandbox) -> str:
    verdict = grade(program.task, program.source, sandbox, limits=LIMITS)
    if verdict.outcome == outcome:
        return ""
    first = verdict.failures[0] if verdict.failures else None
    why = verdict.error or (f"{first.check}: {first.source} {first.error}" if first else "")
    return f"{program.task.id}, {program.told}: {verdict.outcome} {one_line(why, WHY_CHARS)}"


def lines(name: str, result: Compared) -> Iterator[str]:
    """What is printed of one kind of programs."""
    share = f"{result.agreed} of {len(result.programs)} {result.outcome} (at least {result.least:.0%})"
    yield f"{name}: {share}, {'reached' if result.reached else 'MISSED'}"
    yield from (f"  {each}" for each in result.differences)


def main() -> int:
    """Print both comparisons; 1 if one of them misses its mark."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--rewritings", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    began, tasks = time.monotonic(), built_in_curriculum()
    wrong = drawn(mutants_of, wrong=True, count=options.mutants, seed=options.seed, tasks=tasks)
    right = drawn(rewritings_of, wrong=False, count=options.rewritings, seed=options.seed, tasks=tasks)
    with closing(choose_sandbox(options.sandbox, trusted_code_only=True)) as sandbox:
        results = {
            "mutants": compared(wrong, "failed", sandbox, least=MUTANTS_FAIL),
            "honest rewritings": compared(right, "passed", sandbox, least=REWRITINGS_PASS),
        }
    for name, result in results.items():
        print(*lines(name, result), sep="\n")
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if all(result.reached for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
