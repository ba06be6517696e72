"""How hard the next task of a skill should be: where the model of the Builder expects the goal rate.

No beliefs are kept here: the target follows from the skill's level, for a task that practises only this skill.
"""

from collections.abc import Iterator

from memory.builder_model import DIFFICULTY_SPAN, Belief, logit
from memory.difficulty import Band, CurrentDifficulty, SkillTarget
from memory.events import Event, Finished, RunResumed, RunStarted, TaskAdded
from memory.learning import Learning
from memory.levels import level_of
from memory.state import MemoryState
from memory.statistics import Z95
from memory.views.view import Document

BAND = (0.5, 0.8)


def target_of(level: Belief, *, goal: float, sds: float = 0.0) -> float:
    """The declared difficulty, 0..1 with 6 decimals, at which a level so many sds off its mean passes at the goal."""
    theta = level.mean + sds * level.sd
    return round(min(1.0, max(0.0, 0.5 + (theta - logit(goal)) / DIFFICULTY_SPAN)), 6)


def practised_at(skill: str, learning: Learning) -> Belief:
    """The level that practice of this skill counts with: as outcomes have lately borne it out."""
    level = learning.level(skill)
    return Belief(level.mean + learning.leads.of((skill,)), level.variance)


class DifficultyView:
    """advanced/current_difficulty.json."""

    def __init__(self) -> None:
        self._state: MemoryState | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Finished units move the targets, runs may aim elsewhere; the first event makes the document."""
        moves = Finished | TaskAdded | RunStarted | RunResumed  # a changed task changes beliefs
        if isinstance(event.data, moves) or event.seq == 1:
            self._state = state

    def changed(self) -> Iterator[Document]:
        """The document, if a unit finished."""
        if self._state is not None:
            yield Document("advanced/current_difficulty.json", _current(self._state))
        self._state = None


def _current(state: MemoryState) -> CurrentDifficulty:
    practised = {name: record.attempts for name, record in state.skills.items() if record.attempts}
    return CurrentDifficulty(
        goal_pass_rate=state.learning.aim.goal,
        band=Band(low=BAND[0], high=BAND[1]),
        skills={name: _target(name, state.learning, attempts=attempts) for name, attempts in practised.items()},
    )


def _target(skill: str, learning: Learning, *, attempts: int) -> SkillTarget:
    level, goal = practised_at(skill, learning), learning.aim.goal
    return SkillTarget(
        target=target_of(level, goal=goal),
        low=target_of(level, goal=goal, sds=-Z95),
        high=target_of(level, goal=goal, sds=Z95),
        level=level_of(learning.level(skill)),
        attempts=attempts,
    )
