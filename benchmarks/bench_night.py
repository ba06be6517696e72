"""Do rules that help get found in one night? Simulated nights with planted rules, three ways of choosing among them.

    python -m benchmarks.bench_night [--seeds 10] [--units 400]

50 rules are brought in at the start: 5 help by +1.5 logit, 5 harm by as much, 40 do nothing. Everything is
the product's own but the model, which is the flight simulator, and the grader, which takes its word.
"""

import sys
import tempfile
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean

from benchmarks.nights import POLICIES, Flown, Night, fly
from utils.rehearsal.worlds import Kind, planted_night

UNITS = 400
SEEDS = 10


def night_of(seed: int, policy: str, units: int) -> Flown:
    """One night with planted rules, in a folder that is thrown away."""
    truths, rules = planted_night(seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        return fly(Night(seed=seed, units=units, policy=policy, truths=truths, rules=rules), Path(folder) / "memory")


def nights(policy: str, *, seeds: int, units: int, workers: int = 2) -> list[Flown]:
    """A night for each seed."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(night_of, range(seeds), [policy] * seeds, [units] * seeds))


def row(policy: str, flown: list[Flown]) -> str:
    """A policy's line of the table: means over the nights."""
    shown = {kind: mean(each.shown[kind] for each in flown) for kind in Kind}
    useless = shown[Kind.USELESS]
    figures = (
        f"{shown[Kind.HELPFUL]:>8.2f} {shown[Kind.HARMFUL]:>8.2f} {useless:>8.2f}",
        f"{shown[Kind.HELPFUL] / useless if useless else float('inf'):>7.1f}",
        f"{mean(each.last_pass_rate for each in flown):>8.3f} {mean(each.correlation for each in flown):>7.2f}",
        f"{mean(each.brier for each in flown):>7.4f} {mean(each.constant_brier for each in flown):>9.4f}",
    )
    return f"{policy:<16} {' '.join(figures)}"


def main() -> int:
    """Fly the nights and print the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--units", type=int, default=UNITS)
    given = parser.parse_args()
    print(
        f"{given.seeds} simulated nights of {given.units} units for each policy; shown: times per rule in the last 100"
    )
    print("policy            helpful  harmful  useless   ratio  passing  skills   Brier  constant")
    for policy in POLICIES:
        print(row(policy, nights(policy, seeds=given.seeds, units=given.units)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
