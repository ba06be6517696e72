"""Stdio mode: the solution is a whole program, run once for each case, and the host compares what it printed.

A case holds if the program ended by itself with exit code 0 and printed what is wanted; neither alone is enough. The
task's limits hold for all cases together. The program never sees what it should print.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from executor.grading.facts import describe_end, run_facts, sandbox_facts
from executor.grading.fresh import CHECK as FRESH
from executor.grading.fresh import Texts, fresh_texts
from executor.grading.hash_order import OTHER_SEED, SEEDED, order_matters
from executor.grading.tally import Tally
from executor.grading.transcript import MAX_CHARS, MAX_CROSSINGS, TEXT_CHARS
from executor.sandbox import ExecutionResult, Job, Limits, Output, Sandbox, Status
from memory.attempts import JUDGE, Assertion, Crossing, Verdict
from memory.tasks import Task
from utils.errors import Interrupted
from utils.text import clip, well_formed

SHOWN_CHARS = 2000
LEAST_S = 0.1
"""With less left than this, no further case is begun."""
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", re.ASCII)
_FLOAT = re.compile(r"[.eE]")
_SPENT = (Status.TIMEOUT, Status.CPU_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One run of the program: the check that it belongs to, its input and its right output."""

    check: str
    stdin: str
    stdout: str


def grade_program(task: Task, source: str, sandbox: Sandbox, *, limits: Limits, seed: int) -> Verdict:
    """The verdict on a program.

    Raises:
        SandboxFault: a sandbox could not start or was lost.
        Interrupted: the sandbox was closed meanwhile.
    """
    fresh, flaw = _fresh(task, sandbox, limits=limits, seed=seed)
    wanted = [_Wanted(check=name, stdin=case.stdin, stdout=case.stdout)
              for name, case in zip(task.check_names, task.program_cases, strict=True)]  # fmt: skip
    runs = _Runs(source, sandbox, _with_room(limits, [*wanted, *fresh]))
    tally, found = Tally(), list[Assertion]()
    for each in wanted:
        found.append(_tried(each, runs, task))
        tally.note_cases(each.check, found[-1:])
    if fresh:
        drawn = [_tried(each, runs, task) for each in fresh]
        tally.note_cases(FRESH, drawn)
        found += drawn
    passed = all(check.passed for check in tally.checks)
    error = _seeded(task, source, sandbox, runs.limits, [*wanted, *fresh]) if passed else ""
    return Verdict(
        outcome="passed" if passed and not error else "failed",
        error=error,
        judge=JUDGE,
        overturned="set order" if error else "",
        checks=tuple(tally.checks),
        failures=tuple(tally.failures),
        passes=tuple(tally.passes),
        assertions_passed=sum(check.assertions_passed for check in tally.checks),
        assertions_total=sum(check.assertions_total for check in tally.checks),
        calls=len(runs.results),
        candidate=run_facts(runs.summary),
        sandbox=sandbox_facts(runs.summary.tier),
        transcript=tuple(_crossings(found)),
        inputs_seed=seed if fresh else None,
        suspect=flaw,
    )


def _seeded(task: Task, source: str, sandbox: Sandbox, limits: Limits, wanted: Sequence[_Wanted]) -> str:
    """What a program that passes fails where texts hash differently; empty if nothing, or if it uses no hashes."""
    if not order_matters(task, source):
        return ""
    runs = _Runs(source, sandbox, limits, hash_seed=OTHER_SEED)
    failed = next((each.check for each in wanted if not _tried(each, runs, task).passed), "")
    return f"{SEEDED}: {failed}" if failed else ""


class _Runs:
    """Runs of one program within limits that hold for all of them together."""

    def __init__(self, source: str, sandbox: Sandbox, limits: Limits, *, hash_seed: int = 0) -> None:
        self._source, self._sandbox, self._hash_seed = source.encode("utf-8", "replace"), sandbox, hash_seed
        self.limits = limits
        self.results: list[ExecutionResult] = []
        self._out_of: Status | None = None
        """What of the limits was used up where a run was not begun, though each before it ended by itself."""

    def run(self, stdin: str) -> ExecutionResult | None:
        """How the program ended with this input; None if there is no time left for it.

        Raises:
            Interrupted: the sandbox was closed meanwhile.
        """
        limits = self.limits
        wall_s = limits.wall_s - sum(result.wall_s for result in self.results)
        cpu_s = limits.cpu_s - sum(result.cpu_s for result in self.results)
        spent = bool(self.results) and self.results[-1].status in _SPENT
        if spent or min(wall_s, cpu_s) < LEAST_S:
            self._out_of = Status.TIMEOUT if wall_s <= cpu_s else Status.CPU_LIMIT
            return None
        result = self._sandbox.run(
            Job(
                argv=("python", "solution.py"),
                files={"solution.py": self._source},
                stdin=stdin.encode("utf-8", "surrogatepass"),
                hash_seed=self._hash_seed,
                limits=replace(limits, wall_s=wall_s, cpu_s=cpu_s),
            )
        )
        if result.status is Status.CANCELLED:
            raise Interrupted("the sandbox was closed while a program ran")
        self.results.append(result)
        return result

    @property
    def summary(self) -> ExecutionResult:
        """The first run that did not end with exit code 0, else the last one, with the times of all.

        Where no time was left for another one, that is how it ended.
        """
        told = next((result for result in self.results if not _ended_well(result)), self.results[-1])
        return replace(
            told,
            status=self._out_of if self._out_of is not None and _ended_well(told) else told.status,
            wall_s=sum(result.wall_s for result in self.results),
            cpu_s=sum(result.cpu_s for result in self.results),
            peak_mb=max(result.peak_mb for result in self.results),
        )


def _ended_well(result: ExecutionResult) -> bool:
    return result.status is Status.EXIT and result.exit_code == 0


def _with_room(limits: Limits, wanted: Sequence[_Wanted]) -> Limits:
    """Limits under which as much output is kept as the longest right one has, and half as much again."""
    longest = max((len(each.stdout.encode("utf-8", "surrogatepass")) for each in wanted), default=0)
    return replace(limits, output_kb=max(limits.output_kb, 3 * longest // 2048 + 1))


def _tried(wanted: _Wanted, runs: _Runs, task: Task) -> Assertion:
    result = runs.run(wanted.stdin)
    problem = "the time of the cases before it was all there is" if result is None else _problem(result)
    right = result is not None and not problem and _right(result.stdout, wanted.stdout, task)
    return Assertion(
        check=wanted.check,
        line=0,
        source="",
        passed=right,
        call="python solution.py",
        arguments=_shown(wanted.stdin),
        expected=_shown(wanted.stdout),
        actual="" if result is None else _shown(result.stdout.text),
        error=problem,
        traceback="" if right or result is None else well_formed(clip(result.stderr.text, SHOWN_CHARS)),
        cpu_s=None if result is None else round(result.cpu_s, 6),
    )


def _problem(result: ExecutionResult) -> str:
    """Why a run does not count whatever it printed; empty if it does."""
    if not _ended_well(result):
        return f"the program did not end well: {describe_end(result)}"
    if result.stdout.truncated:
        return f"the output is longer than what is kept: {result.stdout.total} bytes"
    return ""


def _right(stdout: Output, expected: str, task: Task) -> bool:
    return right_output(stdout, expected, exact=task.exact_output, tolerance=task.tolerance)


def right_output(stdout: Output, expected: str, *, exact: bool, tolerance: float | None = None) -> bool:
    """Whether a program printed what is wanted, to the byte or but for white space at the ends of lines and of all.

    With a tolerance numbers may be off by so much, absolutely or as a share of the larger one; two that are both
    written without a point or an exponent may not.
    """
    if stdout.truncated:
        return False
    printed = stdout.head + stdout.tail
    if exact and tolerance is None:
        return printed == expected.encode("utf-8", "surrogatepass")
    try:
        text = printed.decode("utf-8")
    except UnicodeDecodeError:
        return False
    mine, theirs = (text, expected) if exact else (_bare(text), _bare(expected))
    return mine == theirs or (tolerance is not None and _near(mine, theirs, tolerance))


def _near(mine: str, theirs: str, tolerance: float) -> bool:
    """Whether two texts are the same but for their numbers, and these are near."""
    parts, others = _NUMBER.split(mine), _NUMBER.split(theirs)
    if len(parts) != len(others) or parts[::2] != others[::2]:
        return False
    return all(_near_numbers(one, other, tolerance) for one, other in zip(parts[1::2], others[1::2], strict=True))


def _near_numbers(one: str, other: str, tolerance: float) -> bool:
    if one == other or not (_FLOAT.search(one) or _FLOAT.search(other)):
        return one == other
    mine, theirs = float(one), float(other)
    finite = math.isfinite(mine) and math.isfinite(theirs)
    return finite and math.isclose(mine, theirs, rel_tol=tolerance, abs_tol=tolerance)


def _bare(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")


def _fresh(task: Task, sandbox: Sandbox, *, limits: Limits, seed: int) -> tuple[list[_Wanted], str]:
    """Drawn inputs with what the reference prints, and what was wrong with the task if there are none."""
    if task.generator is None:
        return [], ""
    texts: Texts = fresh_texts(task.generator, sandbox, limits=limits, seed=seed)
    runs = _Runs(task.reference or "", sandbox, replace(limits, output_kb=1024))
    wanted = []
    for text in texts.drawn:
        result = runs.run(text)
        problem = "too slow" if result is None else _problem(result)
        if result is None or problem:
            return [], f"its reference does not answer an input of its generator: {problem}"
        wanted.append(_Wanted(check=FRESH, stdin=text, stdout=result.stdout.text))
    return wanted, texts.flaw


def _shown(text: str) -> str:
    return well_formed(clip(text, SHOWN_CHARS))


def _crossings(found: Sequence[Assertion]) -> Iterator[Crossing]:
    chars = 0
    for each in found[:MAX_CROSSINGS]:
        crossing = Crossing(
            call=clip(each.arguments, TEXT_CHARS), answer=clip(each.error or each.actual, TEXT_CHARS), cpu_s=each.cpu_s
        )
        chars += len(crossing.call) + len(crossing.answer)
        if chars <= MAX_CHARS:
            yield crossing
