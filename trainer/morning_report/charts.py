"""Charts as geometry: places in per cent and in thousandths of the plot, which the templates draw as inline SVG.

A plot is stretched to the width that there is while its words keep their size, so that it is readable on a phone.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memory.evidence.bets import PROVEN
from memory.evidence.report_words import LARGE
from memory.records import ForecastRecord
from memory.statistics import pass_rate, wilson_interval
from memory.trend import TrendStep

SIZE = 1000
"""Of the plot's own coordinates, both ways."""
LOG10_PROVEN = math.log10(PROVEN)
MOST_GRID_LINES = 5
ROOM = 8.0
"""Per cent of the height around the line to be reached in which no other value is written."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
THIN = "\u2009"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place, 0..100 per cent from the left or from the top, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A curve, as the points of an SVG polyline; `kind` is its style."""

    kind: str
    points: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot: horizontal lines with their values, what x says at both ends, curves, and a line to be reached."""

    rows: tuple[Tick, ...]
    ends: tuple[str, str]
    lines: tuple[Line, ...]
    mark: Tick | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its bounds on a scale with zero in its middle, in per cent of the width."""

    mean: float
    low: float
    high: float
    limit: float
    """What stands at the ends of the scale, with either sign, in the mean's own unit."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Attempts whose forecast lay in a range: how many, how many passed, with the 95 % interval of their share."""

    low: float
    high: float
    units: int
    passes: int
    rate: float
    rate_low: float
    rate_high: float


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def down(self, value: float) -> float:
        """Share of the height from the top, 0..1."""
        inside = min(max(value, self.low), self.high)
        return (self.high - inside) / (self.high - self.low)


def evidence_chart(history: Sequence[tuple[int, float]]) -> Chart | None:
    """Evidence for help, as powers of ten, against attempts with a coin; None before there is any."""
    if not history:
        return None
    values = [value for _, value in history]
    scale = _Scale(min(-0.5, *values) - 0.1, max(LOG10_PROVEN + 0.5, *values) + 0.1)
    return Chart(
        rows=tuple(_power_rows(scale)),
        ends=(f"{history[0][0]}", f"{history[-1][0]} attempts with a coin"),
        lines=(Line("main", _points(history, scale)),),
        mark=Tick(round(100 * scale.down(LOG10_PROVEN), 2), f"{PROVEN:.0f}: proven"),
    )


def power_of_ten(log10: float) -> str:
    """What a power of ten stands for, to two digits, as people write it: 0.87, 130, 10³¹."""
    if log10 >= LARGE:
        return f"10{str(round(log10)).translate(RAISED)}"
    return f"{float(f'{10**log10:.2g}'):,.6g}".replace(",", THIN)


def _power_rows(scale: _Scale) -> Iterator[Tick]:
    first, last = math.ceil(scale.low), math.floor(scale.high)
    step = max(1, math.ceil((last - first) / MOST_GRID_LINES))
    for power in range(first, last + 1, step):
        crowded = 100 * abs(scale.down(power) - scale.down(LOG10_PROVEN)) < ROOM
        text = "" if crowded else power_of_ten(power)
        yield Tick(round(100 * scale.down(power), 2), text)


def steps_chart(steps: Sequence[TrendStep], difficulties: Sequence[float]) -> Chart | None:
    """Share of passes and mean declared difficulty, step by step; None before there are two steps."""
    if len(steps) < 2:  # noqa: PLR2004  a line has two ends
        return None
    scale = _Scale(0.0, 1.0)
    rates = [(step.last, step.pass_rate) for step in steps]
    hard = list(zip((step.last for step in steps), difficulties, strict=True))
    return Chart(
        rows=tuple(Tick(100 - share, f"{share} %") for share in (0, 50, 100)),
        ends=(f"{steps[0].first}", f"{steps[-1].last} attempts"),
        lines=(Line("main", _points(rates, scale)), Line("second", _points(hard, scale))),
    )


def level_chart(points: Sequence[tuple[int, float]], *, units: int) -> str:
    """A skill's level over the night, 0..1, as a polyline's points; the level before its first attempt is not known."""
    scale = _Scale(0.0, 1.0)
    ends = [(1, points[0][1]), *points, (max(units, 2), points[-1][1])]
    return _points(ends, scale)


def interval_chart(mean: float, low: float, high: float) -> Interval:
    """On a scale that is as long to both sides of zero."""
    limit = max(0.1, math.ceil(10 * max(abs(low), abs(high))) / 10)
    at_mean, at_low, at_high = (round(50 + 50 * value / limit, 2) for value in (mean, low, high))
    return Interval(mean=at_mean, low=at_low, high=at_high, limit=limit)


def bins_of(forecasts: Sequence[ForecastRecord]) -> tuple[Bin, ...]:
    """Forecasts and what became of them; only ranges with attempts."""
    width, found = 1 / len(forecasts), list[Bin]()
    for place, record in enumerate(forecasts):
        if record.units:
            low, high = wilson_interval(record.passes, record.units)
            rate = pass_rate(record.passes, record.units)
            found.append(Bin(place * width, (place + 1) * width, record.units, record.passes, rate, low, high))
    return tuple(found)


def _points(points: Sequence[Point], scale: _Scale) -> str:
    """Points of a polyline; x from the first to the last of them."""
    first, last = points[0][0], points[-1][0]
    span = max(last - first, 1e-9)
    return " ".join(f"{SIZE * (x - first) / span:.0f},{SIZE * scale.down(y):.0f}" for x, y in points)
