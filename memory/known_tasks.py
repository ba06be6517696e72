"""What the rehearsal model is told of the tasks."""

from memory.tasks import Task
from utils.rehearsal.known import KnownTask


def as_known(task: Task) -> KnownTask:
    """The task as the rehearsal model knows it."""
    return KnownTask(
        id=task.id,
        name=task.name,
        goal=task.goal,
        entry_point=task.entry_point,
        starter=task.starter,
        skills=task.skills,
        difficulty=task.difficulty,
        reference=task.reference,
    )
