import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.reviews import DUE_BELOW, UNITS_A_DAY, Reviews

tries = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 400)), max_size=8)


def remembered(*attempts: tuple[bool, bool, int]) -> tuple[Reviews, int]:
    """Attempts at one task: passed, without a repair, units since the one before."""
    reviews, unit = Reviews(), 0
    for passed, first, later in attempts:
        unit += later
        reviews.note("t", passed=passed, first=passed and first, unit=unit)
    return reviews, unit


def test_what_was_never_passed_cannot_be_forgotten() -> None:
    reviews, unit = remembered((False, False, 1), (False, False, 1))
    assert reviews.retrievability("t", unit=unit + 10_000) is None
    assert not reviews.is_due("t", unit=unit + 10_000)
    assert reviews.retrievability("unknown", unit=1) is None


def test_a_task_that_was_just_passed_is_not_due() -> None:
    reviews, unit = remembered((True, True, 10))
    assert reviews.retrievability("t", unit=unit) == 1.0
    assert not reviews.is_due("t", unit=unit)


def test_a_passed_task_becomes_due_after_some_days_of_fifty_units() -> None:
    reviews, unit = remembered((True, True, 0))
    days = [day for day in range(20) if reviews.is_due("t", unit=unit + day * UNITS_A_DAY)]
    assert days == list(range(3, 20))


def test_a_pass_after_a_repair_is_forgotten_sooner() -> None:
    (clean, _), (repaired, _) = remembered((True, True, 0)), remembered((True, False, 0))
    later = 2 * UNITS_A_DAY
    assert (clean.is_due("t", unit=later), repaired.is_due("t", unit=later)) == (False, True)


def test_what_was_passed_again_lasts_longer_and_a_failure_makes_it_due_sooner() -> None:
    later = 10 * UNITS_A_DAY
    once, _ = remembered((True, True, 0))
    (again, at), (lost, lost_at) = (
        remembered((True, True, 0), (True, True, 150)),
        remembered((True, True, 0), (False, False, 150)),
    )
    strength = [
        reviews.retrievability("t", unit=unit + later) for reviews, unit in ((lost, lost_at), (once, 0), (again, at))
    ]
    assert strength == sorted(strength, key=lambda each: each or 0.0)
    assert len(set(strength)) == 3


@given(tries, st.integers(0, 5000), st.integers(0, 5000))
def test_memory_only_fades_between_attempts(attempts: list[tuple[bool, bool, int]], one: int, other: int) -> None:
    reviews, unit = remembered(*attempts)
    sooner, later = (reviews.retrievability("t", unit=unit + each) for each in sorted((one, other)))
    if sooner is None or later is None:
        assert not any(passed for passed, _, _ in attempts)
        return
    assert 0 < later <= sooner <= 1
    assert reviews.is_due("t", unit=unit + max(one, other)) == (later < DUE_BELOW)


@given(tries)
def test_the_same_attempts_are_remembered_alike(attempts: list[tuple[bool, bool, int]]) -> None:
    (first, unit), (second, _) = remembered(*attempts), remembered(*attempts)
    assert first.retrievability("t", unit=unit + 77) == second.retrievability("t", unit=unit + 77)


def test_tasks_are_remembered_apart() -> None:
    reviews = Reviews()
    reviews.note("old", passed=True, first=True, unit=0)
    reviews.note("new", passed=True, first=True, unit=490)
    found = [reviews.retrievability(task, unit=500) for task in ("old", "new")]
    assert found == [pytest.approx(0.774, abs=0.001), 1.0]
