"""Ask for all tasks of a file: python utils/cli.py import-tasks FILE."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from memory import inbox
from memory.digests import task_digest
from memory.task_sources import PlacedTask, load_placed
from memory.tasks import Task
from utils.commands.programs import SandboxOption, tell
from utils.commands.shared import BY, AsJson, Memory, leave, show, show_lines
from utils.commands.trials import Tried, try_tasks
from utils.errors import InputError
from utils.settings import load_settings

WISH_CHARS = 16 * 1024 * 1024
"""A wish holds tasks of about so many characters, so that files of any length fit through the inbox."""


def import_tasks(
    file: Annotated[Path, typer.Argument(help="HumanEval's or MBPP's JSONL, or tasks as JSON, JSONL or TOML.")],
    sandbox: SandboxOption = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Ask for all tasks of a file; a task with a known id replaces it.

    Each graded task is tried first. One that nobody can pass, or nobody can fail, is left out, and the reason told.
    """
    settings = load_settings(memory=memory, sandbox=sandbox)
    placed = load_placed(file)
    tasks = [each.task.model_copy(update={"origin": "user"}) for each in placed]
    tried = try_tasks(tasks, settings, tell=tell)
    refused = [(each, flaw) for each, flaw in zip(placed, tried.flaws, strict=True) if flaw]
    if len(refused) == len(tasks):
        which = "it is not" if len(refused) == 1 else f"none of the {len(refused)} tasks is"
        raise InputError(f"{_line(*refused[0])}; {which} of use")
    sound = [task for task, flaw in zip(tasks, tried.flaws, strict=True) if not flaw]
    for part in _parts(sound):
        leave(settings.memory, inbox.Wish(by=BY, tasks=part, tried=_digests(part, tried)))
    if as_json:
        show({"imported": [task.id for task in sound], "refused": {each.task.id: flaw for each, flaw in refused}})
    else:
        show(f"{len(sound)} tasks of {file} imported" + (f", {len(refused)} refused:" if refused else ""))
        show_lines(f"  {_line(each, flaw)}" for each, flaw in refused)
    if tried.untried:
        tell(f"not tried: {tried.untried}; each is tried before its first attempt")


def _line(placed: PlacedTask, flaw: str) -> str:
    return f"{placed.place}, {placed.task.id}: {flaw}"


def _digests(tasks: Sequence[Task], tried: Tried) -> tuple[str, ...]:
    sound = set(tried.sound)
    return tuple(digest for digest in map(task_digest, tasks) if digest in sound)


def _parts(tasks: Sequence[Task]) -> Iterator[tuple[Task, ...]]:
    """The tasks in their order, in parts that fit through the inbox."""
    part, chars = list[Task](), 0
    for task in tasks:
        size = len(task.model_dump_json())
        if part and chars + size > WISH_CHARS:
            yield tuple(part)
            part, chars = [], 0
        part.append(task)
        chars += size
    yield tuple(part)
