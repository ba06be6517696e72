"""How hard the next task of a skill should be: a weighted up-down staircase on the pass record.

After a pass the target of a skill rises by UP, after a failure it falls by UP * GOAL / (1 - GOAL), so that it settles
where a share GOAL of attempts passes (Kaernbach 1991, "Simple adaptive testing with the weighted up-down method").
"""

from collections.abc import Iterator

from memory.difficulty import CurrentDifficulty, SkillTarget
from memory.events import Event, Finished
from memory.state import MemoryState
from memory.views.view import Document

START = 0.2
UP = 0.04
GOAL = 0.65


class DifficultyTargets:
    """The targets of all skills; a view, so that they are rebuilt from the log like everything else."""

    def __init__(self) -> None:
        self._targets: dict[str, SkillTarget] = {}
        self._dirty = False

    def of(self, skill: str) -> float:
        """The difficulty to aim at, 0..1; START for a skill that was never tried."""
        known = self._targets.get(skill)
        return START if known is None else known.target

    def fold(self, event: Event, state: MemoryState) -> None:
        """Learn from a finished graded unit."""
        self._dirty = self._dirty or event.seq == 1
        if not isinstance(event.data, Finished) or event.data.result.outcome == "ungraded":
            return
        passed = event.data.result.outcome == "passed"
        for skill in state.tasks[event.data.belog.task_id].task.skills:
            attempts = self._targets[skill].attempts if skill in self._targets else 0
            self._targets[skill] = SkillTarget(target=adjusted(self.of(skill), passed=passed), attempts=attempts + 1)
        self._dirty = True

    def changed(self) -> Iterator[Document]:
        """The document, if a target moved."""
        if self._dirty:
            body = CurrentDifficulty(goal_pass_rate=GOAL, skills=dict(self._targets))
            yield Document("advanced/current_difficulty.json", body)
        self._dirty = False


def adjusted(target: float, *, passed: bool) -> float:
    """The target after one more attempt, 0..1 with 6 decimals."""
    step = UP if passed else -UP * GOAL / (1 - GOAL)
    return round(min(1.0, max(0.0, target + step)), 6)
