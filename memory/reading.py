"""Reading a memory from outside: its documents, while a loop may be writing them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from memory import inbox
from memory.analysis import Analysis
from memory.belogs import BELog
from memory.tasks import Task
from memory.views.library import belog_file
from memory.views.tasks import TaskMemory, TaskQueue, task_file
from utils.errors import InputError
from utils.files import parse_json, read_bounded

T = TypeVar("T", bound=BaseModel)

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024


def check_memory(folder: Path) -> None:
    """Nothing, if there is a memory or at least an inbox.

    Raises:
        InputError: there is none.
    """
    if not (folder / "events").is_dir() and not (folder / "inbox").is_dir():
        raise InputError(f"there is no memory at {folder}; start one with `python loop.py`, or name it with --memory")


def read_document(folder: Path, name: str, kind: type[T]) -> T:
    """A document of the memory.

    Raises:
        InputError: it is missing, damaged, or of a newer version.
    """
    check_memory(folder)
    path = folder / name
    if not path.exists():
        raise InputError(f"{path} is not there yet; run `python loop.py`, or `python utils/cli.py rebuild`")
    document = parse_json(read_bounded(path, limit=MAX_DOCUMENT_BYTES, what="the document"), where=str(path))
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > 1:
        raise InputError(f"{path} was written by a newer version (schema {version}); update this program")
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(
            f"{path}: {place}: {error.errors()[0]['msg']}; mend it with `python utils/cli.py rebuild`"
        ) from error


def latest_analysis(folder: Path) -> Analysis:
    """What the Trainer saw when it looked last.

    Raises:
        InputError: it has not looked yet, or the document is damaged or of a newer version.
    """
    check_memory(folder)
    names = sorted(path.name for path in (folder / "advanced").glob("builder_analysis_*.json"))
    if not names:
        raise InputError(f"nothing at {folder} was analysed yet; a run does so every few attempts and at its end")
    return read_document(folder, f"advanced/{names[-1]}", Analysis)


def known_tasks(folder: Path) -> Iterator[Task]:
    """People's waiting tasks, the most urgent first, then all others by file name; each once."""
    check_memory(folder)
    waiting = {task.id: task for task in pending_tasks(folder)}
    if (folder / "task_memory" / "task_queue.json").exists():
        for entry in read_document(folder, "task_memory/task_queue.json", TaskQueue).first:
            waiting.setdefault(entry.task_id, find_task(folder, entry.task_id).task)
    yield from sorted(waiting.values(), key=lambda task: -task.priority)
    for path in sorted((folder / "task_memory").glob("task_*.json")):
        if path.name != "task_queue.json":
            task = read_document(folder, f"task_memory/{path.name}", TaskMemory).task
            if task.id not in waiting:
                yield task


def pending_tasks(folder: Path) -> list[Task]:
    """Tasks that lie in the inbox."""
    return [task for wish in inbox.waiting(folder) for task in wish.tasks]


def find_task(folder: Path, task_id: str) -> TaskMemory:
    """What is known of one task.

    Raises:
        InputError: there is no such task.
    """
    check_memory(folder)
    name = task_file(task_id)
    if (folder / name).exists():
        return read_document(folder, name, TaskMemory)
    for task in pending_tasks(folder):
        if task.id == task_id:
            return TaskMemory(task=task, attempts=0, passes=0, first_passes=0, best_points=0, latest=())
    raise InputError(f"there is no task {task_id[:100]!r} in {folder}; `list-tasks` shows those that there are")


def belog_of(folder: Path, unit: str) -> BELog:
    """The BELog of a finished unit.

    Raises:
        InputError: it has none, or it is damaged.
    """
    return read_document(folder, belog_file(unit), BELog)


def latest_belogs(folder: Path, *, count: int, task_id: str | None = None) -> list[BELog]:
    """BELogs, the newest first."""
    check_memory(folder)
    found: list[BELog] = []
    for thousand in sorted((folder / "belogs").glob("*"), reverse=True):
        for path in sorted(thousand.glob("*.json"), reverse=True):
            belog = read_document(folder, path.relative_to(folder).as_posix(), BELog)
            if task_id is None or belog.task_id == task_id:
                found.append(belog)
            if len(found) >= count:
                return found
    return found
