"""Is a skill that is lost half-way through a night noticed, how soon, and how often is one that was not lost?

    python -m benchmarks.forgotten [--losses 60] [--ordinary 60] [--first 1000]

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
from memory.falls import NIGHT, Fall
from memory.rule_wishes import AddRule
from memory.statistics import wilson_interval
from utils.commands.flights import Night, SilentDisplay, fly
from utils.display import Summary, summary_lines
from utils.rehearsal.tables import Loss
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import planted_night

SKILLS = ("strings", "lists", "parsing")
LOSSES, ORDINARY, FIRST = 60, 60, 1000
"""Nights of each kind; those of seeds before FIRST were looked at while the Trainer was made."""
HALF, WITHIN = 150, 40
MARK = 0.95
LOST = 10.0
"""Logits."""
RULES = 20


class Notes(SilentDisplay):
    """Keeps what a person would have been told."""

    def __init__(self) -> None:
        """Nothing was told."""
        self.notes: list[str] = []
        self.summary = self.forecasts = ""

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)

    def end(self, summary: Summary) -> None:
        """Keep its words."""
        self.summary = summary.words
        self.forecasts = next(filter(lambda line: line.startswith("Forecasts of passing"), summary_lines(summary)), "")


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a night.

    Attributes:
        falls: that were noticed.
        notes: what a person was told while it ran.
        summary: what a person was told at its end.
        analysed: the words of the analyses in its log.
        forecasts: how good a person was told that the forecasts were.
    """

    falls: tuple[Fall, ...]
    notes: Sequence[str]
    summary: str
    analysed: Sequence[str]
    forecasts: str


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
    return Told(tuple(state.learning.watch.falls), display.notes, display.summary, analysed, display.forecasts)


def delay(told: Told, skill: str, *, before: int) -> int | None:
    """After how many units without the skill that was noticed; None if it was not."""
    return next((fall.unit - before for fall in told.falls if fall.skill == skill and fall.unit > before), None)


def main() -> int:
    """Fly the nights and print what came of them; exit code 1 if too many losses are missed or too much is imagined."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--losses", type=int, default=LOSSES)
    parser.add_argument("--ordinary", type=int, default=ORDINARY)
    parser.add_argument("--first", type=int, default=FIRST)
    given = parser.parse_args()
    seeds = range(given.first, given.first + max(given.losses, given.ordinary))
    with ProcessPoolExecutor(2) as pool:
        lost = {seed: pool.submit(_loss, seed) for seed in seeds[: given.losses]}
        ordinary = [pool.submit(ordinary_night, seed, NIGHT) for seed in seeds[: given.ordinary]]
        delays = [delay(told.result(), _lost(seed), before=HALF) for seed, told in lost.items()]
        imagined = [told.result().falls for told in ordinary]
    found, false = [each for each in delays if each is not None], [falls for falls in imagined if falls]
    noticed = _share(len(found), len(delays))
    print(f"losses noticed within {WITHIN} units: {noticed}; after {median(found or [0])} (median)")
    print(f"ordinary nights of {NIGHT} units that told of a loss: {_share(len(false), len(ordinary))} {false or ''}")
    return 0 if len(found) >= MARK * len(delays) and len(false) <= (1 - MARK) * len(ordinary) else 1


def _loss(seed: int) -> Told:
    return night_with_a_loss(seed, _lost(seed), before=HALF, after=WITHIN)


def _lost(seed: int) -> str:
    return SKILLS[seed % len(SKILLS)]


def _share(count: int, of: int) -> str:
    low, high = wilson_interval(count, of)
    return f"{count} of {of} (95 % interval {low:.3f} to {high:.3f})"


if __name__ == "__main__":
    sys.exit(main())
