"""Whole programs, graded by what they print."""

from dataclasses import replace
from typing import Any

import pytest

from executor.sandbox import ExecutionResult, Job, Sandbox
from memory.cases import Generator, ProgramCase
from memory.tasks import Constraints, Task
from tests.executor.grading_tasks import PROGRAM, PROGRAM_REFERENCE, judged


class Slowed:
    """A sandbox of which every job is said to have taken so long."""

    def __init__(self, sandbox: Sandbox, *, wall_s: float) -> None:
        self.tier, self.converse, self.close = sandbox.tier, sandbox.converse, sandbox.close
        self._run, self._wall_s = sandbox.run, wall_s

    def run(self, job: Job) -> ExecutionResult:
        return replace(self._run(job), wall_s=self._wall_s)


def program(*cases: ProgramCase, **fields: object) -> Task:
    return Task.model_validate({"id": "p", "name": "p", "goal": "g", "program_cases": cases, **fields})


def test_a_program_is_judged_by_what_it_prints_and_how_it_ends(process: Sandbox) -> None:
    wrong_code = judged(process, PROGRAM, f"{PROGRAM_REFERENCE}raise SystemExit(3)\n")
    assert (wrong_code.outcome, wrong_code.failures[0].error) == ("failed", "the program did not end well: exit code 3")
    silent = judged(process, PROGRAM, "raise SystemExit(0)\n")
    assert [(each.arguments, each.expected, each.actual) for each in silent.failures] == [
        ("1 2\n", "3\n", ""), ("-1 1\n", "0\n", ""),
    ]  # fmt: skip
    assert [check.name for check in silent.checks] == ["case 1", "below 0"]


@pytest.mark.parametrize(
    ("printed", "exact", "outcome"),
    [
        (r"a\nb\n", False, "passed"),
        (r"a  \nb\n\n\n", False, "passed"),
        (r"a\r\nb", False, "passed"),
        (r" a\nb", False, "failed"),
        (r"a\n\nb", False, "failed"),
        (r"a\nb\n", True, "passed"),
        (r"a\nb", True, "failed"),
        (r"a \nb\n", True, "failed"),
    ],
)
def test_white_space_at_ends_counts_only_where_the_task_says(
    process: Sandbox,
    printed: str,
    exact: Any,
    outcome: str,
) -> None:
    task = program(ProgramCase(stdout="a\nb\n"), exact_output=exact)
    assert judged(process, task, f'print("{printed}", end="")\n').outcome == outcome


def test_output_beyond_what_is_kept_fails_and_says_so(process: Sandbox) -> None:
    verdict = judged(process, program(ProgramCase(stdout="x")), "print('x' * 200_000)\n")
    assert verdict.failures[0].error == "the output is longer than what is kept: 200001 bytes"


def test_an_output_as_long_as_the_right_one_is_kept(process: Sandbox) -> None:
    task = program(ProgramCase(stdout="x" * 99_999))
    assert judged(process, task, "print('x' * 99_999)\n").outcome == "passed"


def test_the_limits_of_a_program_hold_for_all_its_cases_together(process: Sandbox) -> None:
    task = program(*(ProgramCase(stdin=str(n), stdout="") for n in range(9)), constraints=Constraints(wall_s=1.5))
    verdict = judged(process, task, "import time\ntime.sleep(0.6)\n")
    assert (verdict.outcome, verdict.candidate.status) == ("failed", "timeout")
    assert 1 <= verdict.assertions_passed <= 2
    assert verdict.failures[-1].error == "the time of the cases before it was all there is"
    assert verdict.candidate.wall_s < 2.5


def test_a_program_for_which_no_time_is_left_has_timed_out_though_each_run_ended_by_itself(process: Sandbox) -> None:
    task = program(*(ProgramCase(stdin=str(n), stdout="") for n in range(9)), constraints=Constraints(wall_s=1.5))
    verdict = judged(Slowed(process, wall_s=0.48), task, "")
    assert (verdict.outcome, verdict.candidate.status, verdict.assertions_passed) == ("failed", "timeout", 3)


def test_fresh_texts_go_to_a_program(process: Sandbox) -> None:
    generator = Generator(
        source="def inputs(rng):\n    for n in range(4):\n        yield f'{n} {rng.random() // 1:.0f}\\n'\n"
    )
    task = PROGRAM.model_copy(update={"generator": generator})
    assert judged(process, task, PROGRAM_REFERENCE).assertions_total == 6
    table = judged(process, task, "print({'1 2': 3, '-1 1': 0}[input()])\n")
    assert [check.passed for check in table.checks] == [True, True, False]
    broken = judged(process, task.model_copy(update={"reference": "raise SystemExit(1)"}), PROGRAM_REFERENCE)
    assert (broken.outcome, broken.suspect[:27]) == ("passed", "its reference does not answ")


@pytest.mark.parametrize(
    ("printed", "wanted", "outcome"),
    [
        ("0.333333", "0.333333333333", "passed"),
        ("x = 0.3334", "x = 0.333333333333", "failed"),
        ("x = 0.333333", "y = 0.333333333333", "failed"),
        ("[0.333333, 2]  ", "[0.333333333333, 2]", "passed"),
        ("1000000.1 -5e-7", "1000000 0.0", "passed"),
        ("3", "3.0", "passed"),
        ("1000001", "1000000", "failed"),
        ("0.333333 1", "0.333333333333", "failed"),
        ("1e999", "1e998", "failed"),
    ],
)
def test_with_a_tolerance_the_numbers_that_a_program_prints_may_be_off(
    process: Sandbox, printed: str, wanted: str, outcome: str
) -> None:
    task = program(ProgramCase(stdout=wanted), tolerance=1e-6)
    verdict = judged(process, task, f"print({printed!r}, end='')")
    assert verdict.outcome == outcome


def test_without_a_tolerance_a_program_prints_each_digit(process: Sandbox) -> None:
    verdict = judged(process, program(ProgramCase(stdout="0.333333333333")), "print(0.333333)")
    assert verdict.outcome == "failed"


def test_exact_output_wants_each_space_also_where_numbers_may_be_off(process: Sandbox) -> None:
    task = program(ProgramCase(stdout="0.333333333333"), tolerance=1e-6, exact_output=True)
    assert judged(process, task, "print(0.333333, end='')").outcome == "passed"
    assert judged(process, task, "print(0.333333)").outcome == "failed"
