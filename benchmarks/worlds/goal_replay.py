"""G9: is all that a verdict rests on recomputed from the log, and how fast? A whole night through the real loop."""

import os
import time
from pathlib import Path

from benchmarks.nights import Night, fly
from benchmarks.worlds.figures import Figure, Size
from builder.prompting import Prompts
from memory.event_lines import read_chain
from memory.runs import told_seeds
from trainer.replay import Replay
from trainer.replay_parts import replay_in_parts
from utils.rehearsal.worlds import planted_night

UNITS = 10_000
MOST_S = 10.0


def fly_long_night(size: Size, folder: Path) -> None:
    """A night of 10,000 units with nine rules; minutes."""
    truths, rules = planted_night(seed=9)
    night = Night(seed=9, units=_units(size), policy="builder-trainer", truths=truths, rules=rules)
    fly(night, folder)


def g9(size: Size, folder: Path) -> list[Figure]:
    """Differences, and the seconds that deciding this night again takes on all processors."""
    events, prompts = folder / "events", Prompts(failure_chars=4000)
    start = time.perf_counter()
    replay = Replay(
        told_seeds(events), lambda s: prompts.fits(context_tokens=s.context_tokens, reply_tokens=s.reply_tokens)
    )
    found = replay_in_parts(replay, (event for event, _ in read_chain(events)), processes=os.cpu_count() or 1)
    seconds = time.perf_counter() - start
    return [
        Figure("units", found.units),
        Figure("not decided again", sum(found.unknown.values()), "<=", 0),
        Figure("differences", found.found, "<=", 0),
        Figure("seconds for 10,000", seconds / _units(size) * UNITS, "<=", MOST_S),
    ]


def _units(size: Size) -> int:
    return max(100, round(size.share * UNITS))
