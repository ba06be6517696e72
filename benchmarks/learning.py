"""Does the Trainer learn, and does it prove no more than is true? The goals of learning as one table with their marks.

    python -m benchmarks.learning [--share 1.0] [--only G6 G7] [--processes 2]

Worlds with planted truths, many nights at once (benchmarks/worlds); Trainers that are broken on purpose must fail. That
the fast worlds do what the product does is a row of its own. Exit code 1 if a mark is missed or a broken Trainer is not
noticed.
"""

import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.bench_selection import costs
from benchmarks.worlds.agreement import compare
from benchmarks.worlds.broken import NIGHTS, VARIANTS, g11b, power
from benchmarks.worlds.figures import Figure, Size
from benchmarks.worlds.goal_integrity import g10, g11, g12, g15
from benchmarks.worlds.goal_proof import g1, g2, g3, g4, g5, g7
from benchmarks.worlds.goal_regret import g6, g6_others, g16
from benchmarks.worlds.goal_replay import fly_long_night, g9
from benchmarks.worlds.goal_signatures import g13
from benchmarks.worlds.real_nights import real_night
from utils.settings import Schedule

Measure = Callable[[Size], list[Figure]]
REAL_NIGHTS, REAL_UNITS = 7, 80
KINDS: tuple[tuple[Schedule, int], ...] = (("once", 0), ("once", 2), ("curriculum", 2))
"""Schedules, and how many repair turns there may be."""
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Goal:
    """A row of the table; one without a measure is measured elsewhere."""

    name: str
    what: str
    measure: Measure | None


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a goal, and how long its process worked for it, whatever else the machine did."""

    goal: Goal
    figures: list[Figure]
    seconds: float

    @property
    def met(self) -> bool:
        """Whether each figure is within its mark."""
        return all(figure.met for figure in self.figures)


def g8(size: Size) -> list[Figure]:
    """What 10,000 rules cost, in milliseconds."""
    del size
    return [Figure(cost.name, cost.typical, "<=", cost.limit) for cost in costs(10_000, 500)]


def agreement(size: Size, schedule: Schedule, repairs: int) -> list[Figure]:
    """Nights through the loop against the fast worlds: the largest differences over all units."""
    seeds = range(1, 1 + max(1, round(size.share * REAL_NIGHTS)))
    with tempfile.TemporaryDirectory() as folder:
        nights = [
            real_night(seed, Path(folder) / str(seed), units=REAL_UNITS, schedule=schedule, repairs=repairs)
            for seed in seeds
        ]
    found = compare(nights, repairs=repairs)
    apart = [Figure(kind, value, "<=", CLOSE) for kind, value in found.apart.items()]
    return [Figure("nights", len(nights)), Figure("on trial", found.tested), *apart]


def broken(size: Size, place: int) -> list[Figure]:
    """How often a broken variant trips, and the power of the check that has to notice it; met if it is noticed."""
    variant = VARIANTS[place]
    trips = variant.trips(size)
    return [
        Figure("trips", trips, ">", variant.mark),
        Figure("power", power(trips, variant.mark, size.nights(NIGHTS))),
    ]


GOALS = (
    Goal("G1", "false proof in null nights, full policy", g1),
    Goal("G2", "a false certificate in a null night of 2000", g2),
    Goal("G3", "proven with 5 good rules of 50", g3),
    Goal("G4", "units until .34 against .12 is proven", g4),
    Goal("G5", "the interval covers at every unit; half-width", g5),
    Goal("G6", "regret at K=50 as a share of uniform choice's", g6),
    Goal("G6c-f", "regret as a share of naive Beta counts'", g6_others),
    Goal("G7", "units to the first certificate", g7),
    Goal("G10", "holdout of .30 logged as .20: alarm", g10),
    Goal("G11", "false proof with five repair turns", g11),
    Goal("G11b", "false proof with hazards, four workers", g11b),
    Goal("G12", "a Trainer that does nothing: repeat hazard", g12),
    Goal("G13", "signatures on labelled pairs", g13),
    Goal("G15", "off-policy answer to \"no rules\"", g15),
    Goal("G16", "top-1 of 20 arms, 5000 units", g16),
    *(
        Goal(
            "agree", f"the loop and the fast worlds, schedule {schedule}, {repairs} repairs: largest differences",
            partial(agreement, schedule=schedule, repairs=repairs),
        )
        for schedule, repairs in KINDS
    ),
)  # fmt: skip
BROKEN = tuple(
    Goal(each.goal, f"BROKEN: {each.name}", partial(broken, place=place)) for place, each in enumerate(VARIANTS)
)


def row_of(goal: Goal, size: Size) -> Row:
    """The goal's figures."""
    start = time.process_time()
    figures = goal.measure(size) if goal.measure is not None else []
    return Row(goal, figures, time.process_time() - start)


def told(row: Row) -> str:
    """A line of the table."""
    verdict = ("met" if row.met else "MISSED") if row.figures else "elsewhere"
    figures = "; ".join(str(figure) for figure in row.figures)
    return f"| {row.goal.name} | {row.goal.what} | {figures} | {verdict} | {row.seconds:.0f} s |"


def measured(size: Size, only: set[str], night: Path, *, processes: int) -> Iterator[Row]:
    """The rows of these goals, of all if none is named, as they come."""
    with ProcessPoolExecutor(processes) as pool:
        flight = pool.submit(fly_long_night, size, night) if _wanted("G9", only) else None
        goals = [
            each for each in (*GOALS, *BROKEN) if _wanted(each.name, only) or (each in BROKEN and "BROKEN" in only)
        ]
        yield from pool.map(row_of, goals, [size] * len(goals))
        if flight is not None:
            flight.result()
    for goal in timed(night):
        if _wanted(goal.name, only):
            yield row_of(goal, size)


def timed(night: Path) -> tuple[Goal, ...]:
    """What is measured when nothing else runs; the night was flown beside the others."""
    return (
        Goal("G8", "10,000 rules: milliseconds", g8),
        Goal("G9", "every decision recomputed from the log", partial(g9, folder=night)),
    )


def _wanted(name: str, only: set[str]) -> bool:
    return not only or name in only


def main() -> int:
    """Fly, print each row when it is there, and the worst of it."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the nights; 1 for the figures that count")
    parser.add_argument("--only", nargs="*", default=[], help="goals by name; BROKEN for the broken variants")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    size = Size(given.share)
    print("| goal | what | figures (mark) | | CPU |\n|---|---|---|---|---|")
    start, rows = time.perf_counter(), list[Row]()
    with tempfile.TemporaryDirectory() as folder:
        for row in measured(size, set(given.only), Path(folder) / "night", processes=given.processes):
            rows.append(row)
            print(told(row), flush=True)
    missed = [row.goal.what for row in rows if not row.met]
    print(f"\n{time.perf_counter() - start:.0f} s; missed: {', '.join(missed) or 'nothing'}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
