"""What a memory has to know before a run: its tasks and the way of working."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memory.blueprint_book import BlueprintBook
from memory.blueprints import DEFAULT_ID, Blueprint
from memory.digests import task_digest
from memory.events import BlueprintAdded, Happening, RevisionDropped, TaskAdded
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


@dataclass(frozen=True, slots=True)
class PromptFiles:
    """The names of prompt files in the order of their use, and the SHA-256 of all of them together."""

    names: tuple[str, ...]
    sha256: str


def remember(
    memory: MemoryManager, tasks: Sequence[Task], *, plain: PromptFiles, revised: PromptFiles, by: str
) -> None:
    """Log the tasks and the blueprints, as far as the memory does not know them like this yet.

    Args:
        memory: where they are logged.
        tasks: those of this run.
        plain: what every attempt is asked with.
        revised: the same with the words of a revised blueprint.
        by: who brings them.
    """
    known = memory.state.tasks
    new: list[Happening] = [
        TaskAdded(task=task, by=by)
        for task in tasks
        if task.id not in known or known[task.id].digest != task_digest(task)
    ]
    new += _blueprints(memory.state.blueprints, plain, revised)
    if new:
        memory.append(new)


def _blueprints(book: BlueprintBook, plain: PromptFiles, revised: PromptFiles) -> list[Happening]:
    """New versions of all that is in use and was worded otherwise; a trial does not outlive the words of its arms."""
    shipped = book.shipped
    changed = shipped is None or shipped.prompts_sha256 != plain.sha256
    stale = [each for each in map(book.latest, book) if each is not None and each.revised]
    stale = [each for each in stale if changed or each.prompts_sha256 != revised.sha256]
    found: list[Happening] = []
    for trial in [each for each in book.open if changed or each.challenger.prompts_sha256 != revised.sha256]:
        why = "the prompts that both versions build on have changed"
        found.append(RevisionDropped(trial=trial.number, reason="base changed", why=why))
    numbers = {blueprint: book.next_version(blueprint) for blueprint in (DEFAULT_ID, *book)}
    if changed:
        fresh = Blueprint(
            id=DEFAULT_ID, version=numbers[DEFAULT_ID], title=TITLE, prompts=plain.names, prompts_sha256=plain.sha256
        )
        numbers[DEFAULT_ID] += 1
        found.append(BlueprintAdded(blueprint=fresh))
    for old in stale:
        words = {"version": numbers[old.id], "prompts": revised.names, "prompts_sha256": revised.sha256}
        found.append(BlueprintAdded(blueprint=old.model_copy(update=words)))
    return found
