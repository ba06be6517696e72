"""Let proposed checks count: python utils/cli.py confirm-task ID."""

from collections.abc import Iterator
from typing import Annotated

import typer

from memory import inbox
from memory.reading import find_task
from memory.tasks import Task
from utils.commands.shared import BY, AsJson, Memory, folder_of, leave, show
from utils.errors import InputError


def confirm_task(
    task_id: Annotated[str, typer.Argument(help="The task's id.")], memory: Memory = None, as_json: AsJson = False
) -> None:
    """Let the checks count that the model proposed for a task without any; `get-task` shows them."""
    folder = folder_of(memory)
    proposed = find_task(folder, task_id).proposed
    if proposed is None:
        raise InputError(f"no checks are proposed for {task_id}; `get-task {task_id}` shows what is known of it")
    leave(folder, inbox.Wish(by=BY, confirm=(task_id,)))
    show(proposed if as_json else f"{task_id} is graded by {len(proposed.check_names)} checks from now on")


def proposed_lines(proposed: Task) -> Iterator[str]:
    """The checks that wait to be confirmed, and the reference from which they come, for people."""
    yield from ("", f"Proposed by the model, not confirmed, and counting for nothing yet ({proposed.entry_point}):")
    for case in proposed.cases:
        inside = case.call.partition("(")[2].rpartition(")")[0]
        raised = f"raises({case.raises}, {proposed.entry_point}{', ' if inside else ''}{inside})"
        yield f"  {raised if case.expected is None else f'{case.call} == {case.expected}'}"
    yield from (f"  {check.code}" for check in proposed.checks)
    yield from ("", "They are what this solution answers:", "", (proposed.reference or "").rstrip(), "")
    yield f"`confirm-task {proposed.id}` lets them count; add-task with checks of your own is the other way."
