"""Looks whether what was mastered is still there, where it may have been lost or was not seen for long.

A skill under suspicion (memory.falls) gets every other unit until the suspicion has gone or become a finding: its task
that was passed and is likeliest to pass again, whose failure would say most. A review goes to a skill of which nothing
that was passed before has held in the latest 10 units, before it goes to what is most forgotten by the calendar; after
20 units it need not wait for a review's turn.
"""

from collections.abc import Iterable, Sequence

from memory.events import Slot
from memory.falls import Watch
from memory.records import TaskRecord
from memory.state import MemoryState
from trainer.candidates import Candidates
from trainer.choice import Choice

UNSEEN_UNITS = 10
LONG_UNSEEN_UNITS = 20


def look_closer(
    candidates: Candidates, state: MemoryState, slot: Slot, skills: Sequence[str], *, without: str
) -> Choice | None:
    """A check of a skill, None if there is no cause or no task for one."""
    watch = state.learning.watch
    calm = state.last_slot != "review"
    if calm:
        for skill in watch.suspects():
            if skill in skills and (best := _surest(candidates, skill, without)):
                why = f"{skill} may have got worse; this was passed before, {_percent(candidates, best)} expected"
                return Choice(best.task.id, "review", why)
    if slot == "review" or calm:
        since = state.totals.units - (UNSEEN_UNITS if slot == "review" else LONG_UNSEEN_UNITS)
        return _unseen(candidates, watch, skills, without, since=since)
    return None


def _unseen(candidates: Candidates, watch: Watch, skills: Iterable[str], without: str, *, since: int) -> Choice | None:
    for skill in sorted(skills, key=lambda each: (watch.last_sound(each), each)):
        if watch.last_sound(skill) > since:
            return None
        if best := _surest(candidates, skill, without):
            why = f"nothing that was passed in {skill} has held lately; {_percent(candidates, best)} expected"
            return Choice(best.task.id, "review", why)
    return None


def _surest(candidates: Candidates, skill: str, without: str) -> TaskRecord | None:
    """The task of this main skill that was passed and is expected to pass most."""
    passed = (each for each in candidates.of(skill, without=without) if each.passes_as_it_is)
    return max(passed, key=lambda each: (round(candidates.expected(each.task), 3), each.task.id), default=None)


def _percent(candidates: Candidates, record: TaskRecord) -> str:
    return f"{candidates.expected(record.task):.0%}"
