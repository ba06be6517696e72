"""Is a skill that is lost half-way through a night noticed, how soon, and how often is one that was not lost?

    python -m benchmarks.forgotten [--seeds 8] [--units 300]

Simulated nights through the real loop: ordinary ones, and nights in which one skill is lost at once half-way through
(10 logits less: nothing of it passes). Everything is the product's own but the model, which is the flight simulator,
and the grader, which takes its word.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.nights import AS_SHIPPED
from memory.event_lines import read_chain
from memory.events import Analysed
from memory.falls import Fall
from memory.rule_wishes import AddRule
from utils.commands.flights import Night, SilentDisplay, fly
from utils.display import Summary
from utils.rehearsal.tables import Loss
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import planted_night

SKILLS = ("strings", "lists", "parsing")
SEEDS, UNITS, WITHIN = 8, 300, 40
LOST = 10.0
"""Logits."""
RULES = 20


class Notes(SilentDisplay):
    """Keeps what a person would have been told."""

    def __init__(self) -> None:
        """Nothing was told."""
        self.notes: list[str] = []
        self.summary = ""

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)

    def end(self, summary: Summary) -> None:
        """Keep its words."""
        self.summary = summary.words


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a night.

    Attributes:
        falls: that were noticed.
        notes: what a person was told while it ran.
        summary: what a person was told at its end.
        analysed: the words of the analyses in its log.
    """

    falls: tuple[Fall, ...]
    notes: Sequence[str]
    summary: str
    analysed: Sequence[str]


def night_with_a_loss(seed: int, skill: str, *, before: int, after: int) -> Told:
    """The shipped world; the skill is lost after so many units, and the night ends after so many more."""
    loss = Loss(skill=skill, from_unit=before + 1, logits=LOST)
    return _fly(seed, before + after, Truths.default().model_copy(update={"losses": (loss,)}))


def ordinary_night(seed: int, units: int) -> Told:
    """The shipped world for even seeds, one with other abilities and planted rules for odd ones."""
    if seed % 2 == 0:
        return _fly(seed, units, Truths.default())
    truths, rules = planted_night(seed=seed)
    return _fly(seed, units, truths, rules[:RULES])


def _fly(seed: int, units: int, truths: Truths, rules: Sequence[str] = ()) -> Told:
    display, wishes = Notes(), tuple(AddRule(text=text) for text in rules)
    night = Night(seed=seed, units=units, truths=truths, rules=wishes, settings=AS_SHIPPED, display=display)
    with tempfile.TemporaryDirectory() as folder:
        state = fly(night, Path(folder) / "memory")
        events = [event.data for event, _ in read_chain(Path(folder) / "memory" / "events")]
    analysed = [data.analysis.summary for data in events if isinstance(data, Analysed)]
    return Told(tuple(state.learning.watch.falls), display.notes, display.summary, analysed)


def delay(told: Told, skill: str, *, before: int) -> int | None:
    """After how many units without the skill that was noticed; None if it was not."""
    return next((fall.unit - before for fall in told.falls if fall.skill == skill and fall.unit > before), None)


def main() -> int:
    """Fly the nights and print what came of them; exit code 1 if too many losses are missed or too much is imagined."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--units", type=int, default=UNITS)
    given = parser.parse_args()
    half, seeds = given.units // 2, range(given.seeds)
    with ProcessPoolExecutor(2) as pool:
        lost = {
            (seed, skill): pool.submit(night_with_a_loss, seed, skill, before=half, after=WITHIN)
            for seed in seeds
            for skill in SKILLS
        }
        ordinary = [pool.submit(ordinary_night, seed, given.units) for seed in range(4 * given.seeds)]
        delays = [delay(told.result(), skill, before=half) for (_, skill), told in lost.items()]
        false = [fall for told in ordinary for fall in told.result().falls]
    found = [each for each in delays if each is not None]
    print(f"{len(found)} of {len(delays)} losses noticed within {WITHIN} units, after {median(found or [0])} (median)")
    print(f"{len(false)} false alarms in {len(ordinary)} ordinary nights of {given.units} units: {false}")
    return 0 if len(found) >= 0.9 * len(delays) and len(false) <= 0.05 * len(ordinary) else 1


if __name__ == "__main__":
    sys.exit(main())
