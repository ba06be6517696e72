"""Chooses the next task, a function of what is remembered, without randomness.

People's tasks that were never tried come first, by priority. Of the other units about 12 % explore (a task that was
never tried, of the skill that is known least), about 10 % review (a check for forgetting) and the rest drill: skills
take turns by what they lack, and within a skill comes the task whose likely pass rate is nearest the goal
(memory.leads). Never a task that is being worked on, in quarantine or a dead end; never the task of the unit before,
unless there is no other. Skills that may have been lost are looked at closer (trainer.vigilance).

Reviews go first to what a changed way of working touches and passed before (trainer.blueprint_breakage). Where the
Builder's model was changed, reviews go through everything that was tried before the change, passed or not, longest ago
first: had they gone to passed tasks alone, each failure by chance would look like a fall.

What a choice costs grows with the tasks of one skill, and by a look at each known task; not with attempts.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from memory.records import UNJUDGED, TaskRecord
from memory.reviews import DUE_BELOW
from memory.state import MemoryState
from memory.tasks import Task
from trainer.candidates import Candidates, Closed
from trainer.choice import Choice
from trainer.shares import by_turn, slot_in_turn
from trainer.vigilance import look_closer
from utils.settings import Schedule

SUSPECT_TRIES = 5
SUSPECT_ODDS = 0.35


class StrategyManager:
    """The Trainer's choice."""

    def __init__(self, pool: Sequence[str], *, schedule: Schedule) -> None:
        """`pool`: ids of the tasks of this run, in the order of their files."""
        self._order, self._pool, self._schedule = tuple(pool), frozenset(pool), schedule

    @property
    def pool(self) -> tuple[str, ...]:
        """What can be chosen, in order."""
        return self._order

    def next_task(self, state: MemoryState, *, model: str) -> Choice | None:
        """The next task for this model; None if there is none left, or all that are left are being worked on."""
        if self._schedule == "once":
            return self._next_in_order(state)
        candidates = Candidates(state, self._pool, model=model)
        return (
            _wish(candidates)
            or _in_curriculum(candidates, state, without=state.last_task)
            or _in_curriculum(candidates, state, without="")
        )

    def finished(self, state: MemoryState, *, model: str) -> str | None:
        """Why this schedule has nothing left to decide; None while it has, or while something is being worked on."""
        if self._schedule == "once":
            return None if self._next_in_order(state) else _all_tried(state, self._order)
        if state.running or self.next_task(state, model=model):
            return None
        return _nothing_left(Counter(Candidates(state, self._pool, model=model).closed()))

    def suspect(self, state: MemoryState, task_id: str) -> str | None:
        """Why a task should be quarantined, None if it should not.

        No verdict can be given on an answer to it, or nobody passes it though it is not hard.
        """
        record = state.tasks[task_id]
        tries = record.suspect_tries
        if record.unjudged and not record.quarantined:
            return f"{UNJUDGED}: {record.unjudged}"
        if record.quarantined or record.passes_as_it_is or tries < SUSPECT_TRIES:
            return None
        odds = record.suspect_odds / tries
        if odds <= SUSPECT_ODDS:
            return None
        return f"{tries} tries and no pass, though {odds:.0%} were expected of its skills and declared difficulty"

    def _next_in_order(self, state: MemoryState) -> Choice | None:
        left = (index for index, each in enumerate(self._order) if each not in state.run_tasks)
        place = next((index for index in left if not state.tasks[self._order[index]].quarantined), None)
        if place is None:
            return None
        return Choice(self._order[place], "order", f"number {place + 1} of {len(self._order)} in order")


def _all_tried(state: MemoryState, order: Sequence[str]) -> str:
    aside = sum(bool(state.tasks[task].quarantined) for task in order if task not in state.run_tasks)
    return "every task was tried once" + (f", but for {aside} in quarantine" if aside else "")


def _wish(candidates: Candidates) -> Choice | None:
    first = max(candidates.wishes(), key=lambda record: record.task.priority, default=None)
    if first is None:
        return None
    again = " again" if first.task.id in candidates.requeued else ""
    return Choice(first.task.id, "wish", f"asked for{again} by a person, priority {first.task.priority}")


def _in_curriculum(candidates: Candidates, state: MemoryState, *, without: str) -> Choice | None:
    slot = slot_in_turn(state)
    skills = candidates.skills()
    choice = look_closer(candidates, state, slot, skills, without=without) if state.learning.aim.watched else None
    if choice is not None:
        return choice
    if slot == "explore":
        choice = _explore(candidates, state, skills, without)
    elif slot == "review":
        choice = _review(candidates, state, skills, without)
    return choice or _drill(candidates, state, skills, without)


def _explore(candidates: Candidates, state: MemoryState, skills: Iterable[str], without: str) -> Choice | None:
    """A task that was never tried, of the skill that is known least."""
    model = state.learning.model
    for skill in sorted(skills, key=lambda each: (-round(model.ability(each).sd, 9), each)):
        fresh = (each for each in candidates.of(skill, without=without) if not each.decided)
        if best := _nearest(candidates, fresh, goal=state.learning.aim.goal):
            why = f"never tried, and {skill} is known least; {_percent(candidates, best.task)} expected"
            return Choice(best.task.id, "explore", why)
    return None


def _review(candidates: Candidates, state: MemoryState, skills: Sequence[str], without: str) -> Choice | None:
    """A changed way of working's cross-check; what was tried before the model changed; else what is most forgotten."""
    known = [record for skill in skills for record in candidates.of(skill, without=without) if record.attempts]
    if choice := _cross_check(known, state):
        return choice
    before = [record for record in known if record.last_unit <= state.model_since]
    if before:
        first = min(before, key=lambda record: (record.last_unit, record.task.id))
        return Choice(first.task.id, "review", "not tried since the model changed")
    return _most_forgotten(known, state)


def _cross_check(known: Iterable[TaskRecord], state: MemoryState) -> Choice | None:
    """A task that passed before the way of working was changed, tried longest ago."""
    checking = {task: trial.challenger.key for trial in state.blueprints.checking for task in trial.unchecked}
    if not checking:
        return None
    first = min(
        (record for record in known if record.task.id in checking),
        key=lambda record: (record.last_unit, record.task.id),
        default=None,
    )
    if first is None:
        return None
    return Choice(first.task.id, "review", f"passed before the change to {checking[first.task.id]}: cross-check")


def _most_forgotten(known: Iterable[TaskRecord], state: MemoryState) -> Choice | None:
    reviews, unit = state.learning.reviews, state.totals.units
    due = [(reviews.retrievability(each.task.id, unit=unit), each.task.id) for each in known if each.passes]
    forgotten = [(remembered, task) for remembered, task in due if remembered is not None and remembered < DUE_BELOW]
    if not forgotten:
        return None
    remembered, task = min(forgotten)
    return Choice(task, "review", f"passed before, but by now remembered with only {remembered:.0%}")


def _drill(candidates: Candidates, state: MemoryState, skills: Sequence[str], without: str) -> Choice | None:
    """The skill whose turn it is, and in it the task nearest the goal."""
    goal = state.learning.aim.goal
    for skill in by_turn(skills, state):
        if best := _nearest(candidates, candidates.of(skill, without=without), goal=goal):
            why = f"practice of {skill}; {_percent(candidates, best.task)} expected, {goal:.0%} wanted"
            return Choice(best.task.id, "drill", why)
    return None


def _nearest(candidates: Candidates, records: Iterable[TaskRecord], *, goal: float) -> TaskRecord | None:
    """The one whose likely pass rate is nearest the goal, to 3 decimals; of equals the one tried less, then by id."""
    return min(
        records,
        key=lambda each: (round(abs(candidates.likely(each.task) - goal), 3), each.decided, each.task.id),
        default=None,
    )


def _percent(candidates: Candidates, task: Task) -> str:
    return f"{candidates.likely(task):.0%}"


def _nothing_left(closed: Counter[Closed]) -> str:
    plural = "s" if closed["dead end"] > 1 else ""
    kinds = [f"{number} {why}{plural if why == 'dead end' else ''}" for why, number in sorted(closed.items())]
    found = f": {', '.join(kinds)}" if kinds else ""
    return f"nothing is worth another try{found}; add tasks or rules, or change the model"
