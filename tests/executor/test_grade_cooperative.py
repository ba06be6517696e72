"""Tests beside the solution: reported one by one, and no evidence."""

import pytest

from executor.assess import Assessor
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from tests.executor.grading_tasks import COOPERATIVE, REFERENCE, SPEC, judged


def test_tests_beside_the_solution_are_marked_and_reported_one_by_one(process: Sandbox) -> None:
    verdict = judged(process, COOPERATIVE, "def add(a, b):\n    return a + b if a != 1 and a != 'a' else None\n")
    assert [(check.name, check.passed) for check in verdict.checks] == [
        ("Adds.test_parts", False), ("Adds.test_small", False), ("Plain.test_more", True), ("test_text", False),
    ]  # fmt: skip
    assert (verdict.outcome, verdict.cooperative) == ("failed", True)
    assert "AssertionError: None != 3" in {each.error for each in verdict.failures}


ADDS_A_TEST = (
    "import __main__\nold = __main__.run\n"
    "__main__.run = lambda tests: {**old(tests), 'more': {'passed': True}}\ndef add(a, b): return a + b\n"
)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os._exit(0)\n", "ended: exit code 0"),
        ("import sys; sys.exit(0)\n", "SystemExit"),
        ("def sub(): pass\n", "does not define add"),
        ("def add(a, b):\n    import os; os._exit(0)\n", "ended: exit code 0"),
        ("import __main__\n__main__.run = lambda tests: {}\ndef add(a, b): pass\n", "missing: Adds.test_parts"),
        (ADDS_A_TEST, "not of the task: more"),
        ("import __main__\n__main__.channel.send(b'[]')\ndef add(a, b): return a + b\n", "answered nonsense"),
    ],
)
def test_the_exact_set_of_tests_has_to_be_reported(process: Sandbox, source: str, said: str) -> None:
    verdict = judged(process, COOPERATIVE, source)
    assert verdict.outcome == "failed"
    assert said in verdict.error


def test_tests_that_pass_beside_the_solution_are_no_evidence(process: Sandbox) -> None:
    assert (COOPERATIVE.graded, COOPERATIVE.mode) == (False, "cooperative")
    verdict = judged(process, COOPERATIVE, REFERENCE)
    assert Assessor(process, Weights()).score(COOPERATIVE, REFERENCE, verdict, SPEC) is None
