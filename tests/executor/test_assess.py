"""What the Builder may read of a failure, of real gradings."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from executor.assess import Assessor
from executor.choose_sandbox import choose_sandbox
from executor.score_engine import Weights
from memory.shown_checks import shown_task, split
from memory.tasks import Check, Task
from memory.told import Told
from tests.memory.builders import a_spec, a_task

CODES = tuple(f"assert f({number}) == {number * 11}" for number in range(1, 7))


@pytest.fixture(scope="module")
def assessor() -> Iterator[Assessor]:
    with closing(choose_sandbox("process", trusted_code_only=True)) as sandbox:
        yield Assessor(sandbox, Weights())


def a_list(*codes: str, **fields: Any) -> Task:
    checks = tuple(Check(name=code, code=code) for code in codes or CODES)
    return a_task("f", **{"entry_point": "f", "checks": checks, **fields})


def told(assessor: Assessor, code: str, task: Task | None = None) -> Told:
    asked = task or a_list()
    return assessor.tell(asked, code, assessor.grade(asked, code, a_spec()), a_spec())


def wanted(task: Task) -> dict[int, int]:
    """What the checks that may be shown want."""
    shown = shown_task(task)
    assert shown is not None
    return {number: number * 11 for number in range(1, 7) if f"f({number})" in str(shown.checks)}


def test_code_that_fits_only_what_it_was_shown_is_told_how_many_others_failed_and_how(assessor: Assessor) -> None:
    code = f"def f(x):\n    return {wanted(a_list())}.get(x)\n"
    found = told(assessor, code)
    assert (found.fits_only_shown, found.passed, found.total, found.unshown) == (True, 4, 6, 2)
    assert found.line == "fits only what it was shown; hidden checks failed: wrong answer (2)"


def test_what_may_be_shown_is_told_with_its_values_and_the_rest_by_kind(assessor: Assessor) -> None:
    found = told(assessor, "def f(x):\n    raise IndexError(f'given {x}')\n")
    assert found.shown is not None
    assert {each.source for each in found.shown.failures} == {code[7:] for code in CODES if code in _open()}
    assert (found.hidden, found.unshown, found.fits_only_shown) == ((("IndexError", 2),), 2, False)


def _open() -> str:
    return str(shown_task(a_list()))


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        ("KeyError(x)", "KeyError"),
        ("type('Told%d' % x, (Exception,), {})(x)", "another exception"),
        ("type('Told%d' % x, (ValueError,), {})(x)", "ValueError"),
        ("SystemExit(x)", "process ended"),
        ("StopIteration(x)", "StopIteration"),
    ],
)
def test_a_kind_is_never_a_word_of_the_solution(assessor: Assessor, raised: str, kind: str) -> None:
    found = told(assessor, f"def f(x):\n    raise {raised}\n", a_list(*CODES[:2]))
    assert found.shown is None
    assert {name for name, _ in found.hidden} <= {kind, "SystemExit", "another exception"}
    assert found.line.startswith("hidden checks failed: ")
    assert (found.passed, found.total, found.unshown) == (0, 2, 2)


def test_code_that_cannot_be_loaded_is_told_why(assessor: Assessor) -> None:
    broken, nameless = (told(assessor, code, a_list(*CODES[:2])) for code in ("def f(:\n", "g = 1\n"))
    assert (broken.line, broken.unshown) == ("SyntaxError: invalid syntax", 0)
    assert nameless.line == "the solution does not define f"


def test_all_is_told_where_a_person_asked_for_it(assessor: Assessor) -> None:
    found = told(assessor, "def f(x):\n    return 0\n", a_list(*CODES[:2], show_checks=True))
    assert found.shown is not None
    assert (len(found.shown.failures), found.unshown, found.hidden) == (2, 0, ())


COUNTER = """
kept = []

def f(x):
    kept.append(x)
    return len(kept)
"""


def test_nothing_is_shown_where_checks_count_on_those_before_them(assessor: Assessor) -> None:
    counting = a_list(*(f"assert f('{letter}') == {number}" for number, letter in enumerate("abcdef", start=1)))
    task = counting.model_copy(update={"reference": COUNTER})
    assert split(task).seen == 4
    assert told(assessor, COUNTER.replace("len(kept)", "len(kept) + 1"), task).shown is None
