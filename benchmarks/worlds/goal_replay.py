"""G9: is all that a verdict rests on recomputed from the log, and how fast? A whole night through the real loop."""

import os
import tempfile
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

UNITS = 1500
ROWS, MOST_S = 10_000, 10.0


def g9(size: Size) -> list[Figure]:
    """Differences, and seconds for 10,000 units at the rate of this night, on all processors."""
    truths, rules = planted_night(seed=9)
    units = max(100, round(size.share * UNITS))
    with tempfile.TemporaryDirectory() as folder:
        memory = Path(folder) / "memory"
        fly(Night(seed=9, units=units, policy="builder-trainer", truths=truths, rules=rules), memory)
        events, prompts = memory / "events", Prompts(failure_chars=4000)
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
        Figure("seconds for 10,000", seconds / units * ROWS, "<=", MOST_S),
    ]
