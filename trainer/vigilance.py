"""Looks whether what was mastered is still there, where it may have been lost or nothing of it has passed for long.

A skill under suspicion (memory.falls) gets a check until the suspicion has gone or become a finding, every other unit
and, where it is grave, every unit: the passed task that practises it most by itself and is likeliest to pass again,
whose failure would say most. A review goes to a skill of which nothing has passed in the latest 15 units, before
it goes to what is most forgotten by the calendar; after 30 units it need not wait for a review's turn.
"""

from collections.abc import Iterable, Sequence

from memory.events import Slot
from memory.falls import Watch
from memory.records import TaskRecord
from memory.state import MemoryState
from trainer.candidates import Candidates
from trainer.choice import Choice

UNSEEN_UNITS = 15
LONG_UNSEEN_UNITS = 30
TELLING, TELLING_IF_GRAVE = 0.5, 0.3
"""What is expected to pass less often is no check: its failure would say too little."""


def look_closer(
    candidates: Candidates, state: MemoryState, slot: Slot, skills: Sequence[str], *, without: str
) -> Choice | None:
    """A check of a skill, None if there is no cause or no task for one."""
    watch, calm = state.learning.watch, state.last_slot != "review"
    for skill in watch.suspects():
        grave = watch.is_grave(skill)
        least = TELLING_IF_GRAVE if grave else TELLING
        if (calm or grave) and skill in skills and (best := _surest(candidates, skill, without, least=least)):
            why = f"{skill} may have got worse; this was passed before, {_percent(candidates, best)} expected"
            return Choice(best.task.id, "review", why)
    if slot == "review" or calm:
        since = state.totals.units - (UNSEEN_UNITS if slot == "review" else LONG_UNSEEN_UNITS)
        return _unseen(candidates, watch, skills, without, since=since)
    return None


def _unseen(candidates: Candidates, watch: Watch, skills: Iterable[str], without: str, *, since: int) -> Choice | None:
    unseen = sorted((watch.last_sound(skill), skill) for skill in skills if watch.last_sound(skill) <= since)
    for _, skill in unseen:
        if best := _surest(candidates, skill, without, least=TELLING):
            why = f"nothing of {skill} has passed lately; {_percent(candidates, best)} expected"
            return Choice(best.task.id, "review", why)
    return None


def _surest(candidates: Candidates, skill: str, without: str, *, least: float) -> TaskRecord | None:
    """The passed task of this main skill whose failure would tell most of it, None if none would tell anything.

    That is the likeliest to pass, as far as that is up to this skill.
    """
    passed = [each for each in candidates.of(skill, without=without) if each.passes_as_it_is]
    likely = [(candidates.as_it_was(each.task), each) for each in passed]
    telling = [pair for pair in likely if pair[0] >= least]
    if not telling:
        return None
    return max(telling, key=lambda pair: (round(pair[0] / len(pair[1].task.skills), 3), pair[1].task.id))[1]


def _percent(candidates: Candidates, record: TaskRecord) -> str:
    return f"{candidates.as_it_was(record.task):.0%}"
