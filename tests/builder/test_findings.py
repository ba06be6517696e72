import pytest

from builder.findings import find
from memory.attempts import Score, StyleIssue
from memory.make_belog import Finding
from tests.memory.builders import a_result

CODE = "import os.path\nfrom json import dumps\nfrom . import near\nimport a as b, os\n\ndef f():\n    import re\n"


def a_score(accuracy: float, speed: float | None, elegance: float | None) -> Score:
    return Score(accuracy=accuracy, speed=speed, elegance=elegance, difficulty=0.5, points=50)


def test_imported_modules_are_named_wherever_they_are_imported() -> None:
    assert find(a_result(score=None), CODE) == Finding(("a", "json", "os", "re"), ())


@pytest.mark.parametrize("code", ["def f(:", "\0", "x" * 200_000, "import " + "a." * 20_000 + "a"])
def test_code_that_cannot_be_read_has_no_modules(code: str) -> None:
    assert find(a_result(score=None), code) == Finding((), ())


def test_a_solution_that_is_worse_than_the_reference_is_told_so() -> None:
    assert find(a_result(score=a_score(1, 0.25, 0.5)), "").suggestions == (
        "slower than the reference: speed 0.25 of 1",
        "longer or more complex than the reference: elegance 0.50 of 1",
    )


def test_poor_habits_of_a_solution_that_passed_are_told_with_their_line() -> None:
    issues = tuple(StyleIssue(rule=rule, line=3, text="x = 1") for rule in ("F841", "E722", "B006", "F401"))
    passed = a_score(1, 1, 1).model_copy(update={"issues": issues})
    assert find(a_result(score=passed), "").suggestions == (
        "an unused variable: x = 1", "a bare `except`: x = 1", "a mutable default of an argument: x = 1",
    )  # fmt: skip
    assert find(a_result(score=passed.model_copy(update={"accuracy": 0.5})), "").suggestions == ()


@pytest.mark.parametrize("score", [a_score(1, None, None), a_score(1, 0.6, 1), a_score(0.9, 0.1, 0.1)])
def test_nothing_is_suggested_without_a_reason(score: Score) -> None:
    assert find(a_result(score=score), "").suggestions == ()
