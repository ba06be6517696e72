"""What choosing among many rules costs, against the limit of 1 ms for 10,000 of them.

    python -m benchmarks.bench_selection [--rules 10000] [--repeat 500]

Half of the rules were shown before. Scope, pool, draws and nominees are the product's own, and so is the update.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from statistics import median, quantiles

from memory.builder_model import Practice
from memory.events import RuleAdded
from memory.learning import Learning
from memory.tasks import Task
from trainer.nominate import ThompsonSampling
from utils.lots import Lots

LIMIT_MS = 1.0
SKILLS = ("lists", "dicts", "parsing", "recursion")
TASK = Task(id="t", name="t", goal="Do it.", skills=SKILLS[:2])


def learned(rules: int) -> Learning:
    """A memory with so many rules, a quarter of them for one skill each, half of them seen."""
    learning = Learning()
    for number in range(rules):
        skills = () if number % 4 else (SKILLS[number % len(SKILLS)],)
        learning.steer(RuleAdded(text=f"Rule number {number}.", skills=skills, by="benchmark"), at="")
    for record in [each for each in learning.rules if each.place % 2]:
        practice = Practice(task="t", difficulty=0.5, skills=SKILLS[:2], rules=(record.key,))
        learning.model.observe(practice, float(record.place % 4 == 1))
        learning.rules.note_shown(record.id, record.version, passed=record.place % 4 == 1)
    return learning


def times_ms(action: Callable[[int], object], repeat: int) -> list[float]:
    """How long each call took."""
    found = []
    for number in range(repeat):
        start = time.perf_counter()
        action(number)
        found.append(1000 * (time.perf_counter() - start))
    return found


def main() -> int:
    """Measure and print; exit code 1 if the median is over the limit."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=500)
    given = parser.parse_args()
    learning, nominate = learned(given.rules), ThompsonSampling()

    def select(number: int) -> object:
        places = learning.rules.in_scope(TASK.skills, {"KeyError", "wrong answer"})
        return nominate.rules(learning, TASK, places, Lots(1, str(number), "nominate"))

    practice = Practice(task="t", difficulty=0.5, skills=TASK.skills, rules=("a@1", "b@1", "c@1"))
    selected = times_ms(select, given.repeat)
    updated = times_ms(lambda number: learning.model.observe(practice, float(number % 2)), given.repeat)
    for name, found in (("select", selected), ("update", updated)):
        print(
            f"{name:<8} of {given.rules} rules: median {median(found):.3f} ms, p90 {quantiles(found, n=10)[-1]:.3f} ms"
        )
    print(f"limit for a selection: {LIMIT_MS} ms")
    return int(median(selected) > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
