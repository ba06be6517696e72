"""Are planted better ways of working adopted, and worse and equal ones not?

    python -m benchmarks.bench_blueprints [--trials 100]

First many trials, each in a memory of its own: the coins, predictions, evidence and verdicts are the product's own, a
unit passes with a planted probability. Then chains of equal revisions that follow one another in one memory, against
the promise for all of them together. A whole night through the real loop, with a proposal whose words act on the
simulated model, is a test: tests/test_blueprint_night.py.
"""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

import numpy as np

from memory.attempts import AttemptResult, AttemptSpec
from memory.blueprints import DEFAULT_ID, Blueprint, BlueprintRevisionProposal, Way
from memory.builder_model import logistic
from memory.cases import Case
from memory.events import (
    BlueprintAdded,
    Event,
    Happening,
    MemoryCreated,
    RevisionAdopted,
    RevisionDropped,
    RevisionProposed,
)
from memory.evidence.certificates import FALSE_BADGES
from memory.state import MemoryState
from memory.tasks import Task
from trainer.blueprint_trials import MOST_UNITS, choose_blueprint, due_endings
from utils.ids import unit_id
from utils.settings import Settings

EFFECTS = {"better": 1.0, "worse": -1.0, "equal": 0.0}
"""Logits of one attempt."""
BUILDERS = {"half of the attempts pass": 0.0, "three quarters pass": 1.2}
"""Logits that all tasks are easier by."""
MARK = 0.95
"""Share of trials that have to end rightly."""
SKILLS = {"lists": 0.6, "dicts": 0.0, "parsing": -0.6, "recursion": -1.0}
TASKS = 40
TASK_SD = 0.7
DRIFT = 0.5
"""Logits that the Builder gains or loses in all by itself, up and down again every 250 units."""
CHAIN = 8
MEMORY_ID = "00000000"
SETTINGS = Settings.model_construct(blueprint_trials="on")

Ended = Literal["adopted", "worse", "hopeless", "suspended", "base changed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended, and after how many units."""

    ended: Ended
    units: int


class World:
    """A memory without files in which units pass with planted probabilities."""

    def __init__(self, seed: int, *, ease: float = 0.0) -> None:
        """Its first way of working is known; all tasks are easier by `ease`, in logits."""
        self.state = MemoryState()
        self._seed, self._ease, self._rng = seed, ease, np.random.default_rng(seed)
        self._tasks = [_task(number) for number in range(TASKS)]
        self._offsets = self._rng.normal(0, TASK_SD, TASKS)
        self._units = 0
        plain = Blueprint(id=DEFAULT_ID, version=1, title="plain", prompts=(), prompts_sha256="0" * 64)
        self._happens(MemoryCreated(format=1, memory_id=MEMORY_ID), BlueprintAdded(blueprint=plain))

    def _happens(self, *happenings: Happening) -> None:
        for happening in happenings:
            self.state.apply(Event(seq=self.state.last_seq + 1, at="", data=happening))

    def try_revision(self, effect: float) -> Outcome:
        """Put a revision worth so many logits on trial, and work until the trial ends."""
        book, number = self.state.blueprints, len(self.state.blueprints.trials) + 1
        base = book.used_for("")
        assert base is not None
        way = Way(guidance=(f"Idea {number}.",))
        self._happens(
            RevisionProposed(
                trial=number,
                proposal=BlueprintRevisionProposal(family="", title="planted", way=way),
                blueprint=base.model_copy(update={"version": book.next_version(base.id), "way": way, "revised": True}),
                base=base.key,
                by="a simulation",
            )
        )
        for units in range(1, MOST_UNITS + 1):
            self._work(effect)
            for ending in due_endings(self.state):
                self._happens(ending)
                return Outcome(_reason(ending), units)
        raise AssertionError("a trial did not end")

    def _work(self, effect: float) -> None:
        self._units += 1
        unit, number = unit_id(MEMORY_ID, self._units), int(self._rng.integers(TASKS))
        task = self._tasks[number]
        chosen = choose_blueprint(self.state, task, SETTINGS, unit=unit, seed=self._seed)
        assert chosen.toss is not None
        swing = DRIFT * float(np.sin(2 * np.pi * self._units / 250))
        logit = self._ease + SKILLS[task.skills[0]] + 2 * (0.5 - task.difficulty) + self._offsets.item(number) + swing
        passed = self._rng.random() < logistic(logit + effect * chosen.toss.challenger)
        ledger = self.state.learning.evidence
        ledger.note_decided(_spec(unit, task, chosen.blueprint), task, None, None, chosen.toss)
        ledger.note_finished(_result(unit, passed=passed), ())


def _task(number: int) -> Task:
    skill = list(SKILLS)[number % len(SKILLS)]
    case = Case(call="f(1)", expected="1")
    hard = 0.1 + 0.8 * (number // len(SKILLS)) / (TASKS // len(SKILLS))
    name = f"task-{number}"
    return Task(id=name, name=name, goal=name, skills=(skill,), entry_point="f", cases=(case,), difficulty=hard)


def _spec(unit: str, task: Task, blueprint: Blueprint) -> AttemptSpec:
    return AttemptSpec(
        unit_id=unit, task_id=task.id, task_digest="0" * 64, number=1, blueprint_id=blueprint.id,
        blueprint_version=blueprint.version, model="simulated", seed=0, sandbox="simulated",
    )  # fmt: skip


def _result(unit: str, *, passed: bool) -> AttemptResult:
    return AttemptResult(
        unit_id=unit, outcome="passed" if passed else "failed", passed_first=passed, turns=(), ended="",
        reflection=None, score=None, wall_s=1.0,
    )  # fmt: skip


def _reason(ending: RevisionAdopted | RevisionDropped) -> Ended:
    return "adopted" if isinstance(ending, RevisionAdopted) else ending.reason


def trials(kind: str, count: int, *, first_seed: int = 0, ease: float = 0.0) -> list[Outcome]:
    """So many trials of planted revisions of a kind, each in a memory of its own."""
    return [World(first_seed + seed, ease=ease).try_revision(EFFECTS[kind]) for seed in range(count)]


def right(kind: str, found: Sequence[Outcome]) -> int:
    """How many ended as they should."""
    return sum((each.ended == "adopted") == (kind == "better") for each in found)


def chains(count: int) -> int:
    """Of so many memories in which CHAIN equal revisions follow one another, how many ever adopt one."""
    adopted = 0
    for seed in range(count):
        world = World(10_000 + seed)
        adopted += any(world.try_revision(0.0).ended == "adopted" for _ in range(CHAIN))
    return adopted


def _line(kind: str, found: Sequence[Outcome]) -> str:
    counts = ", ".join(f"{count} {ended}" for ended, count in sorted(Counter(each.ended for each in found).items()))
    units = [each.units for each in found]
    spread = f"units: median {median(units):.0f}, 90 % within {quantiles(units, n=10)[-1]:.0f}, most {max(units)}"
    return f"{kind:<6} {EFFECTS[kind]:+.1f} logit: {right(kind, found)} of {len(found)} right ({counts}); {spread}"


def measured(count: int) -> Iterator[tuple[str, bool]]:
    """Each finding in words, and whether it is as it should be."""
    for builder, ease in BUILDERS.items():
        for kind in EFFECTS:
            found = trials(kind, count, ease=ease)
            yield f"{builder}: {_line(kind, found)}", right(kind, found) >= MARK * count
    adopted, most = chains(count), FALSE_BADGES * count
    yield (
        f"{CHAIN} equal ones in a row: in {adopted} of {count} memories one was adopted (at most {most:.0f})",
        adopted <= most,
    )


def main() -> int:
    """Measure and print; exit code 1 if something is under its mark."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    given = parser.parse_args()
    started, fine = time.perf_counter(), True
    for words, as_it_should in measured(given.trials):
        print(words + ("" if as_it_should else "  MISSED"), flush=True)
        fine = fine and as_it_should
    print(f"{time.perf_counter() - started:.0f} s")
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
