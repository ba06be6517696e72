"""Which way of choosing tasks brings five kinds of simulated learners furthest?

    python -m benchmarks.curriculum [--seeds 10] [--first 20] [--processes 2]

480 tasks of 8 skills, 8 % of them broken, with noisy declared difficulties; success on a benchmark that nobody
practises, after 300 and 1000 attempts. Exit code 1 if the Trainer misses a mark.
"""

import sys
from argparse import ArgumentParser

from benchmarks.curriculum.course import POLICIES, Outcome, outcome
from benchmarks.curriculum.table import plot, table, verdicts

SEEDS, FIRST = 10, 20
"""Worlds; those before FIRST were looked at while the Trainer was made."""


def main() -> int:
    """Run all of it and print the table, the plot and the verdicts."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    outcomes: list[Outcome] = []
    for policy in POLICIES:
        outcomes.append(outcome(policy, range(given.first, given.first + given.seeds), processes=given.processes))
        print(f"{policy}: done", file=sys.stderr, flush=True)
    print(f"Success on the benchmark after 300 and 1000 attempts, mean of {given.seeds} worlds; simulated learners")
    print("\n".join(["", *table(outcomes), "", *plot(outcomes), ""]))
    found = list(verdicts(outcomes))
    print("\n".join(f"{'reached' if met else 'MISSED '}  {words}" for met, words in found))
    return 0 if all(met for met, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
