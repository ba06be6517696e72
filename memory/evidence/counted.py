"""Which units count as evidence at all: decided by the task alone, so that no coin and no outcome has a say in it."""

from memory.shown_checks import split
from memory.tasks import Task

UNSEEN_FROM = 2
"""The judge from which on checks that the model never saw decide; what older ones said rests on shown checks."""


def counts(task: Task, *, judge: int) -> bool:
    """Whether a unit of this task is evidence: it is graded, and not by checks that the model may all see.

    The old judge showed checks of every task; what was counted then stays counted.
    """
    return task.graded and (judge < UNSEEN_FROM or not split(task).all_shown)
