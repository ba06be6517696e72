import pytest

from memory.builder_model import Belief, logit
from memory.levels import Level, LevelTrend, level_in_words, level_of, level_trend
from memory.records import SkillRecord
from memory.statistics import Z95

STILL = LevelTrend(change=0.0, direction="steady")


def record(*levels: float) -> SkillRecord:
    found = SkillRecord()
    found.levels.extend(levels)
    return found


def test_a_level_is_the_pass_rate_of_medium_tasks_with_its_interval() -> None:
    level = level_of(Belief(logit(0.7), 0.25))
    assert level.value == 0.7
    assert logit(level.high) - logit(level.low) == pytest.approx(2 * Z95 * 0.5, abs=1e-4)


def test_a_trend_needs_twenty_levels() -> None:
    assert level_trend(record()) == LevelTrend(change=0.0, direction="unclear")
    assert level_trend(record(0.1, *[0.9] * 18)) == LevelTrend(change=0.8, direction="unclear")
    assert level_trend(record(0.1, *[0.9] * 19)) == LevelTrend(change=0.8, direction="rising")


@pytest.mark.parametrize(
    ("last", "direction"), [(0.79, "steady"), (0.81, "rising"), (0.21, "steady"), (0.19, "falling")]
)
def test_a_trend_is_called_so_when_it_is_clear(last: float, direction: str) -> None:
    assert level_trend(record(*[0.5] * 19, last)).direction == direction


def test_the_trend_of_a_long_life_is_that_of_the_latest_twenty() -> None:
    assert level_trend(record(*[0.9] * 30, *[0.2] * 19, 0.6)) == LevelTrend(change=0.4, direction="rising")


def test_words_are_for_people() -> None:
    rising = LevelTrend(change=0.31, direction="rising")
    assert level_in_words(Level(value=0.34, low=0.2, high=0.52), rising, attempts=25) == (
        "weak and rising: 25 attempts, expected to pass 34 % (20-52 %) of tasks of medium difficulty"
    )
    unclear = LevelTrend(change=0.31, direction="unclear")
    assert level_in_words(Level(value=0.34, low=0.1, high=0.7), unclear, attempts=1) == (
        "perhaps weak: 1 attempt, expected to pass 34 % (10-70 %) of tasks of medium difficulty"
    )


@pytest.mark.parametrize(("value", "word"), [(0.49, "weak"), (0.5, "fair"), (0.79, "fair"), (0.8, "strong")])
def test_weak_fair_and_strong_are_below_in_and_above_the_band(value: float, word: str) -> None:
    level = Level(value=value, low=value - 0.1, high=value + 0.1)
    assert level_in_words(level, STILL, attempts=30).startswith(f"{word} and steady: ")
