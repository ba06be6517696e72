"""What passes the separated judge and fails as plain Python runs it: told to people and to the Builder in words."""

import subprocess
import sys

import pytest

from builder.prompting import Prompts
from executor.assess import Assessor
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from memory.attempts import AttemptSpec
from memory.make_belog import error_class
from memory.mistake_words import mistake_words
from memory.signatures import signature
from memory.tasks import Check, Task

SPEC = AttemptSpec(
    unit_id="u-1", task_id="t", task_digest="", number=1, blueprint_id="solve", blueprint_version=1, model="m", seed=1,
    sandbox="process",
)  # fmt: skip
CODES = ("xs = [3, 1]\nassert first(xs) == 1\nassert xs == [3, 1]", "assert first([2]) == 2")
TASK = Task(
    id="t", name="t", goal="first(xs): the smallest", entry_point="first",
    checks=tuple(Check(name=f"check {number}", code=code) for number, code in enumerate(CODES, start=1)),
)  # fmt: skip
SORTS = "def first(xs):\n    xs.sort()\n    return xs[0]\n"
WORDS = TASK.model_copy(
    update={"checks": (Check(name="words", code="assert first('b a c d'.split()) == ('a', 'b', 'c', 'd')"),)}
)
ORDERS = "def first(words):\n    return tuple(sorted(set(words), reverse=hash('a') != {0}))\n"


@pytest.fixture
def assessor(process: Sandbox) -> Assessor:
    return Assessor(process, Weights(accuracy=1, speed=0, elegance=0, difficulty=0))


def test_a_changed_argument_is_named_for_what_it_is(assessor: Assessor) -> None:
    verdict = assessor.grade(TASK, SORTS, SPEC)
    assert (verdict.outcome, verdict.overturned, verdict.plain) == (
        "failed", "shared state", "check 1: AssertionError",
    )  # fmt: skip
    assert error_class(verdict) == "shared state"
    assert mistake_words(signature(verdict)) == "changes its arguments, or shares what should be new in `first`"


def test_the_builder_is_told_of_which_kind_it_is(assessor: Assessor) -> None:
    verdict = assessor.grade(TASK, SORTS, SPEC)
    told = assessor.tell(TASK, SORTS, verdict, SPEC)
    assert "an argument is changed, or an object is shared that should be new" in Prompts(failure_chars=2000).failure(
        told
    )


def test_an_answer_that_depends_on_the_order_of_a_set_is_named_for_it(assessor: Assessor) -> None:
    command = (sys.executable, "-c", "print(hash('a'))")
    usual = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True).stdout
    verdict = assessor.grade(WORDS, ORDERS.format(usual.strip()), SPEC)
    assert (verdict.outcome, verdict.overturned, error_class(verdict)) == ("failed", "set order", "set order")
    assert verdict.assertions_passed == verdict.assertions_total
