"""Cases that the host compares, and what every verdict keeps of what crossed."""

import json

import pytest

from executor.grading.tally import ALL_PASS_CHARS, MAX_PASSES
from executor.grading.transcript import MAX_CHARS, MAX_CROSSINGS
from executor.sandbox import Sandbox
from memory.cases import Case
from memory.tasks import Check
from tests.executor.grading_tasks import (
    CASES,
    FRESH,
    cased,
    judged,
)


def test_a_failed_case_tells_call_arguments_expected_actual_and_time(process: Sandbox) -> None:
    verdict = judged(process, CASES, "def add(a, b):\n    sum(range(400_000))\n    return a - b\n")
    first = verdict.failures[0]
    assert (first.check, first.call, first.arguments, first.expected, first.actual) == (
        "add(1, 2)", "add(1, 2)", "[1, 2]", "3", "-1",
    )  # fmt: skip
    raising = judged(process, CASES, "def add(a, b):\n    # no\n    return a[b]\n")
    assert first.cpu_s is not None
    assert raising.failures[0].cpu_s is not None
    assert first.cpu_s > raising.failures[0].cpu_s
    assert "line 3, in add" in raising.failures[0].traceback
    assert [check.passed for check in verdict.checks] == [False, False, True, False, False, False]
    assert verdict.passes[0].error == "TypeError: unsupported operand type(s) for -: 'NoneType' and 'int'"


@pytest.mark.parametrize(
    ("expected", "answer", "outcome"),
    [
        ("1", "True", "failed"),
        ("True", "1", "failed"),
        ("1", "1.0", "failed"),
        ("[1, 2]", "(1, 2)", "failed"),
        ("{1, 2}", "{2, 1}", "passed"),
        ("{1: 'a', 2: 'b'}", "{2: 'b', 1: 'a'}", "passed"),
        ("{1: 'a'}", "{True: 'a'}", "failed"),
        ("float('nan')", "float('nan')", "passed"),
        ("[float('nan'), float('-inf')]", "[float('nan'), -float('inf')]", "passed"),
        ("{frozenset({1, 2}): {(1, 2)}}", "{frozenset({2, 1}): {(1, 2)}}", "passed"),
        ("'a'", "type('S', (str,), {'__eq__': lambda s, o: True, '__hash__': str.__hash__})('b')", "failed"),
        ("[1, 2]", "iter([1, 2])", "failed"),
        ("[]", "type('E', (), {'__eq__': lambda s, o: True})()", "failed"),
        (str(10**30), "10**30", "passed"),
        ("0.3", "0.1 + 0.2", "failed"),
        ("None", "print", "failed"),
    ],
)
def test_values_are_compared_with_their_types(process: Sandbox, expected: str, answer: str, outcome: str) -> None:
    task = cased(Case(call="f(1)", expected=expected))
    assert judged(process, task, f"def f(x): return {answer}\n").outcome == outcome


@pytest.mark.parametrize(
    ("expected", "answer", "outcome"),
    [
        ("0.3", "0.1 + 0.2", "passed"),
        ("[1.0, {'a': (2.5,)}]", "[1.0000000001, {'a': (2.5,)}]", "passed"),
        ("1e30", "1e30 * (1 + 1e-12)", "passed"),
        ("1.0", "1", "passed"),
        ("1.0", "True", "failed"),
        ("1.0", "1.01", "failed"),
        ("1.0", "10 ** 400", "failed"),
        ("float('nan')", "0.0", "failed"),
        ("3", "4", "failed"),
    ],
)
def test_a_tolerance_is_for_floats(process: Sandbox, expected: str, answer: str, outcome: str) -> None:
    task = cased(Case(call="f(1)", expected=expected), tolerance=1e-6)
    assert judged(process, task, f"def f(x): return {answer}\n").outcome == outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("raise KeyError('a')", "passed"),
        ("raise type('Own', (LookupError,), {})()", "passed"),
        ("raise ValueError", "failed"),
        ("return LookupError()", "failed"),
        ("raise type('LookupError', (Exception,), {})()", "failed"),
        ("import os; os._exit(0)", "failed"),
        ("return print", "failed"),
    ],
)
def test_a_case_can_want_an_exception(process: Sandbox, body: str, outcome: str) -> None:
    assert (
        judged(process, cased(Case(call="f(1)", raises="LookupError")), f"def f(x):\n    {body}\n").outcome == outcome
    )


def test_arguments_that_a_call_changes_are_compared_where_a_case_says(process: Sandbox) -> None:
    task = cased(Case(call="f([2, 1])", expected="None", after="[[1, 2]]"), mutates_arguments=True)
    assert judged(process, task, "def f(x): x.sort()\n").outcome == "passed"
    verdict = judged(process, task, "def f(x): sorted(x)\n")
    assert (verdict.failures[0].expected, verdict.failures[0].actual) == (
        "None, its arguments then [[1, 2]]", "None, its arguments then [[2, 1]]",
    )  # fmt: skip


def test_checks_and_cases_go_together_in_one_process(process: Sandbox) -> None:
    task = cased(Case(call="f(1)", expected="2"), checks=(Check(name="first", code="assert f(0) == 1"),))
    source = "count = 0\ndef f(x):\n    global count\n    count += 1\n    return count\n"
    verdict = judged(process, task, source)
    assert [(check.name, check.passed) for check in verdict.checks] == [("first", True), ("f(1)", True)]


def test_cases_after_the_end_of_the_solution_count_as_failed(process: Sandbox) -> None:
    task = cased(*(Case(call=f"f({n})", expected=str(n)) for n in range(4)))
    verdict = judged(process, task, "import os\ndef f(x): return x if x < 2 else os._exit(0)\n")
    assert (verdict.outcome, verdict.assertions_passed, verdict.assertions_total) == ("failed", 2, 4)
    assert verdict.error == "the solution's process ended during the checks: exit code 0"


def test_cases_are_not_run_on_what_cannot_be_loaded(process: Sandbox) -> None:
    verdict = judged(process, FRESH, "def add(a, b:\n")
    assert {check.error for check in verdict.checks} == {"not run"}
    assert (verdict.assertions_passed, verdict.assertions_total, verdict.calls) == (0, 11, 0)


def test_what_crosses_is_kept_within_bounds(process: Sandbox) -> None:
    code = "for n in range(400):\n    assert len(f('x' * n)) == 4000"
    task = cased(checks=(Check(name="many", code=code),))
    verdict = judged(process, task, "def f(x): return 'y' * 4000\n")
    chars = sum(len(each.call) + len(each.answer) for each in verdict.transcript)
    assert 10 < len(verdict.transcript) <= MAX_CROSSINGS
    assert chars <= MAX_CHARS
    assert len(verdict.model_dump_json()) < 40_000
    assert 0 < len(verdict.passes) <= MAX_PASSES
    assert sum(len(each.arguments + each.actual) for each in verdict.passes) < ALL_PASS_CHARS


def test_the_transcript_holds_calls_answers_and_times(process: Sandbox) -> None:
    verdict = judged(process, CASES, "def add(a, b):\n    return a + b\n")
    assert [(each.call, each.answer) for each in verdict.transcript] == [
        ("add(1, 2)", "3"),
        ("add(-1, 1)", "0"),
        ("add(None, 1)", "TypeError: unsupported operand type(s) for +: 'NoneType' and 'int'"),
        ("add(100, 3)", "103"),
        ("add(2, 4)", "6"),
        ("add(100000000000000000000, 1)", "100000000000000000001"),
    ]
    taken = [each.cpu_s for each in verdict.transcript if each.cpu_s is not None]
    assert len(taken) == len(verdict.transcript)
    assert 0 <= min(taken) <= sum(taken) <= verdict.candidate.cpu_s


def test_a_solution_cannot_claim_a_time_that_none_can_be(process: Sandbox) -> None:
    source = (
        "import sys\nagent = sys.modules['executor.grading.candidate_agent']\nold = agent.Candidate.answer\n"
        "agent.Candidate.answer = lambda self, request: {**old(self, request), 'cpu_s': 1e300}\n"
        "def f(x): return x\n"
    )
    verdict = judged(process, cased(Case(call="f(1)", expected="1")), source)
    assert (verdict.outcome, verdict.passes[0].cpu_s) == ("passed", None)


def test_a_transcript_line_is_json(process: Sandbox) -> None:
    verdict = judged(process, cased(Case(call="f(1)", expected="1")), "def f(x): return chr(0xd800)\n")
    line = verdict.transcript[0].model_dump_json(exclude_none=True)
    assert json.loads(line)["answer"] == "'\\ud800'"
