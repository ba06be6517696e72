"""Small plots for a terminal."""

from collections.abc import Callable, Sequence

WIDTH, HEIGHT = 64, 9


def power_of_ten(value: float) -> str:
    """For values that are logarithms."""
    return f"10^{value:.1f}"


def percent(value: float) -> str:
    """For shares."""
    return f"{value:.0%}"


def plot(
    points: Sequence[tuple[int, float]], *, mark: float, unit: str, label: Callable[[float], str] = power_of_ten
) -> list[str]:
    """Lines of a plot, the highest first: `*` for values, `-` where the mark lies.

    Args:
        points: (x, y), x rising.
        mark: a value that the plot shows, too.
        unit: what x counts.
        label: writes a value, in at most 8 characters.
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
    lines = [
        f"{label(labels[number]) if number in labels else '':>8} |{''.join(row)}" for number, row in enumerate(rows)
    ]
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
