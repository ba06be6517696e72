"""How the latest attempts went, in steps of equal length."""

import itertools
from typing import Literal

from pydantic import BaseModel

from memory.attempts import FROZEN, is_judged
from memory.statistics import pass_rate
from memory.views.core import ScoreEntry, ScoreLog

CAUTION = "A rise or fall here proves nothing: the tasks change with it."


class TrendStep(BaseModel):
    """Some attempts in a row; `first` and `last` are their numbers in the memory, from 1."""

    model_config = FROZEN

    first: int
    last: int
    graded: int
    pass_rate: float
    mean_points: float
    """Of the graded ones; a failure has the points of its accuracy."""


class Trend(BaseModel):
    """The latest attempts."""

    model_config = FROZEN

    schema_version: Literal[1] = 1
    window: int
    steps: tuple[TrendStep, ...]
    words: str


def trend_of(log: ScoreLog, *, window: int) -> Trend:
    """The trend over the attempts that the score log still holds, the oldest step perhaps shorter."""
    entries = list(log.latest)
    before = log.total - len(entries)
    edges = [0, *range(len(entries) % window or window, len(entries), window), len(entries)]
    steps = tuple(
        _step(entries[start:end], before + start + 1) for start, end in itertools.pairwise(edges) if end > start
    )
    return Trend(window=window, steps=steps, words=CAUTION if steps else "Nothing was tried yet.")


def _step(entries: list[ScoreEntry], first: int) -> TrendStep:
    graded = [entry for entry in entries if is_judged(entry.outcome)]
    points = [entry.score.points for entry in graded if entry.score is not None]
    return TrendStep(
        first=first,
        last=first + len(entries) - 1,
        graded=len(graded),
        pass_rate=pass_rate(sum(entry.outcome == "passed" for entry in graded), len(graded)),
        mean_points=round(sum(points) / len(graded), 4) if graded else 0.0,
    )
