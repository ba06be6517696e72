"""What a memory has to know before a run: its tasks and the way of working."""

from collections.abc import Sequence
from pathlib import Path

from memory.blueprints import DEFAULT_ID, Blueprint
from memory.digests import task_digest
from memory.events import BlueprintAdded, Happening, TaskAdded
from memory.memory_manager import MemoryManager
from memory.task_sources import built_in_curriculum, load_tasks
from memory.tasks import Task

TITLE = "solve, repair with what failed, reflect"


def given_tasks(paths: Sequence[Path]) -> tuple[Task, ...]:
    """The tasks of these files in their order, the later of two with the same id; the built-in curriculum if none.

    Raises:
        InputError: a file is no use.
    """
    if not paths:
        return built_in_curriculum()
    return tuple({task.id: task for path in paths for task in load_tasks(path)}.values())


def remember(
    memory: MemoryManager, tasks: Sequence[Task], *, prompts: tuple[str, ...], prompts_sha256: str, by: str
) -> None:
    """Log the tasks and the blueprint, as far as the memory does not know them like this yet."""
    known = memory.state.tasks
    new: list[Happening] = [
        TaskAdded(task=task, by=by)
        for task in tasks
        if task.id not in known or known[task.id].digest != task_digest(task)
    ]
    latest = memory.get_latest_blueprint_version(DEFAULT_ID)
    if latest is None or latest.prompts_sha256 != prompts_sha256:
        version = 1 if latest is None else latest.version + 1
        new.append(
            BlueprintAdded(
                blueprint=Blueprint(
                    id=DEFAULT_ID, version=version, title=TITLE, prompts=prompts, prompts_sha256=prompts_sha256
                )
            )
        )
    if new:
        memory.append(new)
