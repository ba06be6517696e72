"""Steer a run while it goes on: python utils/cli.py pause, resume, requeue, priority."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from memory import inbox
from memory.lock import read_holder
from memory.reading import check_memory, find_task
from memory.run_wishes import AnyRunWish, GoOn, Pause, Prioritise, Requeue
from utils.commands.shared import BY, Memory, folder_of, leave, show, wrong_option
from utils.errors import InputError

TaskId = Annotated[str, typer.Argument(metavar="TASK", help="The task's id.")]


def pause(memory: Memory = None) -> None:
    """Let the running loop finish what is under way and begin nothing new, until `resume`."""
    folder = _of_a_running_loop(memory)
    _ask(folder, Pause())
    show("asked to pause: what is under way is finished, nothing new is begun until `python utils/cli.py resume`")


def resume(memory: Memory = None) -> None:
    """Let a paused loop go on."""
    folder = _of_a_running_loop(memory)
    _ask(folder, GoOn())
    show("asked to go on")


def requeue(task: TaskId, memory: Memory = None) -> None:
    """Let a known task be tried again, before what the Trainer would choose."""
    folder = folder_of(memory)
    found = find_task(folder, task).task
    taken = _ask(folder, Requeue(task=found.id))
    show(f"{found.id} is in the queue again{'' if taken else ', once the loop has taken it in'}")


def priority(
    task: TaskId,
    number: Annotated[int, typer.Argument(metavar="N", help="Larger is sooner, -1000 to 1000.")],
    memory: Memory = None,
) -> None:
    """Give a task another priority."""
    folder = folder_of(memory)
    found = find_task(folder, task).task
    try:
        wish = Prioritise(task=found.id, priority=number)
    except ValidationError as error:
        raise wrong_option(error, {"priority": "N"}, whole="the priority") from error
    taken = _ask(folder, wish)
    show(f"{found.id} has priority {number}{'' if taken else ', once the loop has taken it in'}")


def _ask(folder: Path, wish: AnyRunWish) -> bool:
    """Whether it was done already, by this process.

    Raises:
        InputError: it cannot be done, as far as this process can tell.
    """
    answers: list[str] = []
    taken = leave(folder, inbox.Wish(by=BY, run=(wish,)), told=answers.append)
    refused = next((answer for answer in answers if ": not done: " in answer), None)
    if refused is not None:
        raise InputError(refused.partition(": not done: ")[2])
    return taken


def _of_a_running_loop(memory: Path | None) -> Path:
    folder = folder_of(memory)
    check_memory(folder)
    if read_holder(folder) is None:
        raise InputError(f"no loop is running at {folder}, there is nothing to pause or to resume")
    return folder
