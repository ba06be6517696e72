"""What choosing among many rules costs, and learning and evidence besides, against the limits for 10,000 of them.

    python -m benchmarks.bench_selection [--rules 10000] [--repeat 500]

Half of the rules were shown before, and all are on trial. Scope, pool, draws and nominees are the product's own, and so
are the update and the evidence of all claims, alarms and certificates: bets are settled many at once, so that a unit's
time is the mean over CHUNK of them. Looking at the evidence after each unit is told besides.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median, quantiles

from memory.assignment import Assignment, Nominee
from memory.attempts import AttemptResult, AttemptSpec
from memory.builder_model import Practice
from memory.cases import Case
from memory.events import RuleAdded
from memory.evidence.ledger import Ledger
from memory.learning import Learning
from memory.tasks import Task
from trainer.nominate import ThompsonSampling
from utils.lots import Lots

CHUNK = 50
LIMITS_MS = {"select": 1.0, "update": 0.1, "evidence": 0.05}
SKILLS = ("lists", "dicts", "parsing", "recursion")
TASK = Task(
    id="t", name="t", goal="Do it.", skills=SKILLS[:2], entry_point="f", cases=(Case(call="f(1)", expected="1"),)
)


@dataclass(frozen=True, slots=True)
class Cost:
    """How long something takes, in milliseconds."""

    name: str
    typical: float
    p90: float

    @property
    def limit(self) -> float | None:
        """What it may take, None if it is told only."""
        return LIMITS_MS.get(self.name)

    @property
    def within(self) -> bool:
        """Whether it keeps to its limit."""
        return self.limit is None or self.typical <= self.limit


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


def costs(rules: int, repeat: int) -> list[Cost]:
    """Of a selection, of an update, and of a unit's evidence."""
    learning, nominate = learned(rules), ThompsonSampling()

    def select(number: int) -> object:
        places = learning.rules.in_scope(TASK.skills, {"KeyError", "wrong answer"})
        return nominate.rules(learning, TASK, places, Lots(1, str(number), "nominate"))

    practice = Practice(task="t", difficulty=0.5, skills=TASK.skills, rules=("a@1", "b@1", "c@1"))
    selected = times_ms(select, repeat)
    updated = times_ms(lambda number: learning.model.observe(practice, float(number % 2)), repeat)
    rules_known = [each.id for each in learning.rules]
    folded = evidence_ms(learning.evidence, rules_known, repeat, look=False)
    looked = evidence_ms(Ledger(), rules_known, repeat, look=True)
    measured = {"select": selected, "update": updated, "evidence": folded, "evidence and a look": looked}
    return [Cost(name, median(found), quantiles(found, n=10)[-1]) for name, found in measured.items()]


def evidence_ms(ledger: Ledger, rules: list[str], repeat: int, *, look: bool) -> list[float]:
    """How long a unit takes to be folded, as means over chunks, and to be looked at if that is wanted."""
    ledger.certificates.enter([f"{rule}@1" for rule in rules])
    units = [_unit(number, rules) for number in range(repeat)]

    def fold(number: int) -> None:
        spec, assignment, result = units[number]
        ledger.note_decided(spec, TASK, assignment, predictions)
        ledger.note_finished(result, ())
        if look or number % CHUNK == CHUNK - 1:
            ledger.mark()

    predictions = ledger.predict(TASK)
    found = times_ms(fold, repeat)
    return [mean(found[start : start + CHUNK]) for start in range(0, repeat, CHUNK)]


def _unit(number: int, rules: list[str]) -> tuple[AttemptSpec, Assignment, AttemptResult]:
    nominees = tuple(
        Nominee(kind="rule", id=rules[(3 * number + place) % len(rules)], drop_probability=0.25, lot=0,
                dropped=(number + place) % 4 == 0, trial=1, baseline=-0.5)
        for place in range(3)
    )  # fmt: skip
    passed = number % 2 == 0
    result = AttemptResult(
        unit_id=f"00000000-{number:06d}", outcome="passed" if passed else "failed", passed_first=passed, turns=(),
        ended="passed" if passed else "repairs used up", reflection=None, score=None, wall_s=1.0,
    )  # fmt: skip
    spec = AttemptSpec(
        unit_id=result.unit_id, task_id=TASK.id, task_digest="0" * 64, number=1, blueprint_id="made up",
        blueprint_version=1, model="made up", seed=number, sandbox="process",
    )  # fmt: skip
    return spec, Assignment(holdout_probability=0.2, lot=0, control=number % 5 == 0, nominees=nominees), result


def times_ms(action: Callable[[int], object], repeat: int) -> list[float]:
    """How long each call took."""
    found = []
    for number in range(repeat):
        start = time.perf_counter()
        action(number)
        found.append(1000 * (time.perf_counter() - start))
    return found


def main() -> int:
    """Measure and print; exit code 1 if something is over its limit."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=500)
    given = parser.parse_args()
    found = costs(given.rules, given.repeat)
    for cost in found:
        print(
            f"{cost.name:<19} of {given.rules} rules: {cost.typical:.3f} ms, p90 {cost.p90:.3f} ms"
            + (f", limit {cost.limit} ms" if cost.limit else "")
        )
    return int(not all(cost.within for cost in found))


if __name__ == "__main__":
    sys.exit(main())
