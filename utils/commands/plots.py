"""Small plots for a terminal."""

from collections.abc import Sequence

WIDTH, HEIGHT = 64, 9


def plot(points: Sequence[tuple[int, float]], *, mark: float, unit: str) -> list[str]:
    """Lines of a plot, the highest first: `*` for values, `-` where the mark lies.

    Args:
        points: (x, y), x rising.
        mark: a value that the plot shows, too.
        unit: what x counts.
    """
    if not points:
        return []
    values = _columns(points)
    low, high = min(0.0, mark, *values), max(mark, *values)
    rows = [[" "] * len(values) for _ in range(HEIGHT)]
    rows[_row(mark, low, high)] = ["-"] * len(values)
    for column, value in enumerate(values):
        rows[_row(value, low, high)][column] = "*"
    labels = {0: high, _row(mark, low, high): mark, HEIGHT - 1: low}
    lines = [f"{_label(labels.get(number)):>8} |{''.join(row)}" for number, row in enumerate(rows)]
    return [*lines, f"{'':>8} +{'-' * len(values)}", f"{'':>10}{unit} {points[0][0]} to {points[-1][0]}"]


def _columns(points: Sequence[tuple[int, float]]) -> list[float]:
    """At each of at most WIDTH places the last value that is known there."""
    first, last = points[0][0], points[-1][0]
    count = min(WIDTH, max(1, last - first + 1))
    values, index = [], 0
    for column in range(count):
        at = first + (last - first) * (column + 1) / count
        while index + 1 < len(points) and points[index + 1][0] <= at:
            index += 1
        values.append(points[index][1])
    return values


def _row(value: float, low: float, high: float) -> int:
    return round((HEIGHT - 1) * (high - value) / (high - low)) if high > low else HEIGHT - 1


def _label(value: float | None) -> str:
    return "" if value is None else f"10^{value:.1f}"
