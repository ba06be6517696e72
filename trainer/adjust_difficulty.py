"""How hard the next task of a skill should be: where the model of the Builder expects the goal rate.

No beliefs are kept here: the target follows from the skill's level, for a task that practises only this skill.
"""

from collections.abc import Iterator

from memory.builder_model import DIFFICULTY_SPAN, Belief, logit
from memory.difficulty import Band, CurrentDifficulty, SkillTarget
from memory.events import Event, Finished, TaskAdded
from memory.levels import level_of
from memory.state import MemoryState
from memory.statistics import Z95
from memory.views.view import Document

GOAL = 0.65
"""Between the 0.5 at which an outcome tells most and the 0.85 of Wilson et al. 2019."""
BAND = (0.5, 0.8)


def target_of(level: Belief, *, sds: float = 0.0) -> float:
    """The declared difficulty, 0..1 with 6 decimals, at which a level so many sds off its mean passes at GOAL."""
    theta = level.mean + sds * level.sd
    return round(min(1.0, max(0.0, 0.5 + (theta - logit(GOAL)) / DIFFICULTY_SPAN)), 6)


class DifficultyView:
    """advanced/current_difficulty.json."""

    def __init__(self) -> None:
        self._state: MemoryState | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Finished units move the targets; the first event makes the document."""
        if isinstance(event.data, Finished | TaskAdded) or event.seq == 1:  # a changed task changes beliefs
            self._state = state

    def changed(self) -> Iterator[Document]:
        """The document, if a unit finished."""
        if self._state is not None:
            yield Document("advanced/current_difficulty.json", _current(self._state))
        self._state = None


def _current(state: MemoryState) -> CurrentDifficulty:
    practised = {name: record.attempts for name, record in state.skills.items() if record.attempts}
    return CurrentDifficulty(
        goal_pass_rate=GOAL,
        band=Band(low=BAND[0], high=BAND[1]),
        skills={name: _target(state.learning.level(name), attempts=attempts) for name, attempts in practised.items()},
    )


def _target(level: Belief, *, attempts: int) -> SkillTarget:
    return SkillTarget(
        target=target_of(level),
        low=target_of(level, sds=-Z95),
        high=target_of(level, sds=Z95),
        level=level_of(level),
        attempts=attempts,
    )
