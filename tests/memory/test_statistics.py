import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.attempts import Outcome
from memory.statistics import pass_rate, wilson_interval
from memory.trend import CAUTION, trend_of
from memory.views.core import ScoreEntry, ScoreLog
from tests.memory.builders import AT, a_result


@pytest.mark.parametrize(("passes", "attempts", "rate"), [(0, 0, 0.0), (0, 5, 0.0), (2, 3, 0.666667), (5, 5, 1.0)])
def test_a_pass_rate_has_six_decimals(passes: int, attempts: int, rate: float) -> None:
    assert pass_rate(passes, attempts) == rate


@pytest.mark.parametrize(
    ("passes", "attempts", "interval"),
    [
        (0, 0, (0.0, 1.0)),
        (0, 10, (0.0, 0.277533)),
        (10, 10, (0.722467, 1.0)),
        (8, 10, (0.490162, 0.943318)),
        (1, 2, (0.094531, 0.905469)),
        (50, 100, (0.403832, 0.596168)),
        (81, 263, (0.255289, 0.366210)),
    ],
)
def test_wilson_s_interval_has_its_published_values(passes: int, attempts: int, interval: tuple[float, float]) -> None:
    """81 of 263 is Newcombe's example (1998, method 3: 0.2553 to 0.3662); the others were computed with 50 digits."""
    assert wilson_interval(passes, attempts) == pytest.approx(interval, abs=1.1e-6)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_mirrors(record: tuple[int, int]) -> None:
    passes, attempts = record
    low, high = wilson_interval(passes, attempts)
    assert 0 <= low <= pass_rate(passes, attempts) <= high <= 1
    assert wilson_interval(attempts - passes, attempts) == pytest.approx((1 - high, 1 - low), abs=2e-6)


def test_a_higher_confidence_gives_a_wider_interval() -> None:
    low, high = wilson_interval(8, 10, z=2.575829)
    assert low < 0.490162
    assert high > 0.943318


def log_of(*outcomes: Outcome, before: int = 0) -> ScoreLog:
    """A score log of these outcomes; 80 points for a pass, 0 for a failure."""
    results = [a_result(number, outcome) for number, outcome in enumerate(outcomes, start=1)]
    entries = tuple(
        ScoreEntry(unit_id=each.unit_id, at=AT, task_id="add", outcome=each.outcome, score=each.score)
        for each in results
    )
    return ScoreLog(total=before + len(entries), latest=entries)


def test_a_trend_goes_in_equal_steps_with_the_odd_one_first() -> None:
    trend = trend_of(log_of("failed", "passed", "failed", "passed", "passed", before=100), window=2)
    assert [(step.first, step.last, step.pass_rate) for step in trend.steps] == [
        (101, 101, 0.0),
        (102, 103, 0.5),
        (104, 105, 1.0),
    ]
    assert [step.mean_points for step in trend.steps] == [0.0, 40.0, 80.0]
    assert trend.words == CAUTION


def test_ungraded_attempts_take_a_place_and_no_part() -> None:
    [step] = trend_of(log_of("ungraded", "passed", "ungraded"), window=3).steps
    assert (step.graded, step.pass_rate, step.mean_points) == (1, 1.0, 80.0)
    [step] = trend_of(log_of("ungraded"), window=3).steps
    assert (step.graded, step.pass_rate, step.mean_points) == (0, 0.0, 0.0)


def test_an_empty_log_has_no_trend() -> None:
    trend = trend_of(log_of(), window=5)
    assert (trend.steps, trend.words) == ((), "Nothing was tried yet.")


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 500))
def test_every_attempt_lies_in_one_step(count: int, window: int, before: int) -> None:
    passed: list[Outcome] = ["passed"] * count
    steps = trend_of(log_of(*passed, before=before), window=window).steps
    numbers = [number for step in steps for number in range(step.first, step.last + 1)]
    assert numbers == list(range(before + 1, before + count + 1))
    assert all(step.last - step.first + 1 == window for step in steps[1:])
