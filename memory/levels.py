"""How good the Builder is in a skill, read off the model of the Builder: a level, its interval, its trend, in words.

A level is the probability of passing a task of medium difficulty (declared 0.5) that practises this skill alone:
the logistic of memory.learning.Learning.level. Its interval, 95 %, is that of theta. Not covered: that the model may be
wrong about the Builder.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share
from memory.builder_model import Belief, logistic
from memory.records import LEVELS_KEPT, SkillRecord
from memory.statistics import Z95

WEAK_BELOW, STRONG_FROM = 0.5, 0.8
"""The band of pass rates in which practice teaches most: weak is a skill whose medium tasks lie below it."""
WIDE = 0.5
"""An interval that covers more than half of everything leaves the word itself in doubt."""
CLEAR_CHANGE = 0.3
"""Of a level, over 20 attempts. Where abilities stay as they are, the 95 % quantile of the absolute change is
0.22-0.25 with 3 skills and 0.29-0.32 with 10 (simulated, 12 worlds each, after 30 attempts at a skill)."""

Direction = Literal["rising", "steady", "falling", "unclear"]


class Level(BaseModel):
    """A skill's level with its 95 % interval, 0..1, 6 decimals."""

    model_config = FROZEN

    value: Share
    low: Share
    high: Share


class LevelTrend(BaseModel):
    """How far a level moved over the latest 20 attempts, and what that is called; unclear before there were so many."""

    model_config = FROZEN

    change: Annotated[float, Field(ge=-1, le=1)]
    direction: Direction


def level_of(logit: Belief) -> Level:
    """The level that a belief about a logit stands for."""
    reach = Z95 * logit.sd
    low, value, high = (round(logistic(logit.mean + step), 6) for step in (-reach, 0.0, reach))
    return Level(value=value, low=low, high=high)


def level_trend(record: SkillRecord) -> LevelTrend:
    """The trend over the levels that are kept."""
    levels = record.levels
    change = round(levels[-1] - levels[0], 6) if levels else 0.0
    return LevelTrend(change=change, direction=_direction(change, attempts=len(levels)))


def _direction(change: float, *, attempts: int) -> Direction:
    if attempts < LEVELS_KEPT:
        return "unclear"
    if abs(change) < CLEAR_CHANGE:
        return "steady"
    return "rising" if change > 0 else "falling"


def level_in_words(level: Level, trend: LevelTrend, *, attempts: int) -> str:
    """One sentence for a person, e.g. "weak and rising: 25 attempts, expected to pass 34 % (20-52 %) of tasks ..."."""
    moving = "" if trend.direction == "unclear" else f" and {trend.direction}"
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    share = f"{100 * level.value:.0f} % ({100 * level.low:.0f}-{100 * level.high:.0f} %)"
    return f"{_strength(level)}{moving}: {tries}, expected to pass {share} of tasks of medium difficulty"


def _strength(level: Level) -> str:
    word = "weak" if level.value < WEAK_BELOW else "strong" if level.value >= STRONG_FROM else "fair"
    return f"perhaps {word}" if level.high - level.low > WIDE else word
