"""What came of each way of choosing, as a table and as a plot for a terminal."""

from collections.abc import Iterator, Sequence
from statistics import mean, stdev

from benchmarks.curriculum.course import ATTEMPTS, EVERY, OURS, Outcome
from benchmarks.curriculum.learners import KINDS
from memory.statistics import Z95

EARLY, LATE = 300, ATTEMPTS
MARKS = {EARLY: 0.55, LATE: 0.97}
"""Success that the Trainer has to bring about, on average over the learners, after so many attempts."""
HEIGHT = 16


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """One line for each way of choosing: success after 300 / 1000 attempts for each kind of learner, then the mean."""
    kinds = "".join(f"{kind:>15}" for kind in KINDS)
    yield f"{'':<18}{kinds}{'mean':>15}{'(s.e.)':>16}"
    for each in outcomes:
        cells = "".join(f"{_pair(each.after(EARLY, kind), each.after(LATE, kind)):>15}" for kind in KINDS)
        errors = _pair(_error(each, EARLY), _error(each, LATE))
        yield f"{each.policy:<18}{cells}{_pair(each.after(EARLY), each.after(LATE)):>15}{f'({errors})':>16}"


def plot(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Mean success over attempts: a letter for each way of choosing, the first of those that share a place."""
    letters = {each.policy: letter for each, letter in zip(outcomes, "ABCDEFGH", strict=False)}
    columns = range(0, ATTEMPTS + 1, EVERY)
    rows = [[" "] * len(columns) for _ in range(HEIGHT + 1)]
    for each in reversed(outcomes):
        for column, attempts in enumerate(columns):
            rows[HEIGHT - round(each.after(attempts) * HEIGHT)][column] = letters[each.policy]
    for number, row in enumerate(rows):
        yield f"{1 - number / HEIGHT:>7.0%} |{' '.join(row)}" if number % 4 == 0 else f"{'':>7} |{' '.join(row)}"
    yield f"{'':>7} +{'-' * (2 * len(columns) - 1)}"
    yield f"{'':>9}attempts 0 to {ATTEMPTS}: {', '.join(f'{letter} {name}' for name, letter in letters.items())}"


def verdicts(outcomes: Sequence[Outcome]) -> Iterator[tuple[bool, str]]:
    """For each mark, and for the best of the others beside it, whether the Trainer reached it, and in words."""
    ours = next(each for each in outcomes if each.policy == OURS)
    for attempts, mark in MARKS.items():
        came = ours.after(attempts)
        low, high = came - Z95 * _error(ours, attempts), came + Z95 * _error(ours, attempts)
        words = f"{OURS} after {attempts}: {came:.3f} (95 % interval {low:.3f} to {high:.3f}), wanted at least {mark}"
        yield came >= mark, words


def _pair(early: float, late: float) -> str:
    return f"{early:.3f} {late:.3f}"


def _error(each: Outcome, attempts: int) -> float:
    """The standard error over worlds of the mean over learners; 0 with one world."""
    worlds = list(zip(*each.paths.values(), strict=True))
    means = [mean(path[attempts // EVERY] for path in paths) for paths in worlds]
    return stdev(means) / len(means) ** 0.5 if len(means) > 1 else 0.0
