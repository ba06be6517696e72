"""What a person may ask for on the page; each goes the way of the command line, through the inbox."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from memory.digests import task_digest
from memory.inbox import Wish
from memory.reading import find_task
from memory.rule_wishes import AddRule, AnyWish, JudgeRule
from memory.run_wishes import AnyRunWish, GoOn, Pause, Prioritise, Requeue
from memory.tasks import Check, Task, check_flaw
from utils import stopping
from utils.errors import InputError
from utils.files import write_atomically
from utils.text import one_line

BY = "page"
NAME_CHARS = 80
UNTRIED = "untried-task"
M = TypeVar("M", bound=BaseModel)
Form = Mapping[str, str]
Leave = Callable[[Wish], object]
"""Puts a wish into the inbox, from which the writer takes it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a task: what is wrong with it, or whether it could not be tried."""

    flaw: str = ""
    untried: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """Where wishes go: the memory's folder, its inbox, whether somebody writes there, who would stop, how to try."""

    memory: Path
    leave: Leave
    under_way: Callable[[], bool]
    try_task: Callable[[Task], Trial]


Action = Callable[[Form, Door], str | None]
"""Does what a form asks for; under which word the page tells of it, if not the form's own name.

Raises InputError where something is wrong with it.
"""


def add_task(form: Form, door: Door) -> str | None:
    """A task by hand; each line of its checks is one assert. It is tried at once, if it can be."""
    goal = form.get("goal", "").strip()
    checks = [line.strip() for line in form.get("checks", "").splitlines() if line.strip()]
    for number, code in enumerate(checks, start=1):
        if flaw := check_flaw(code):
            raise InputError(f"check {number}: {flaw}")
    task = _valid(
        Task,
        id=f"task_{secrets.randbelow(10**12):012d}",
        name=one_line(goal, NAME_CHARS) or "task",
        goal=goal,
        difficulty=form.get("difficulty") or 0.5,
        priority=form.get("priority") or 0,
        skills=(form.get("skill", "").strip() or "general",),
        entry_point=form.get("entry_point", "").strip() or None,
        checks=tuple(Check(name=one_line(code, NAME_CHARS), code=code) for code in checks),
    )
    trial = door.try_task(task)
    if trial.flaw:
        raise InputError(f"the task is no use: {trial.flaw}")
    tried = () if trial.untried or not task.graded else (task_digest(task),)
    door.leave(Wish(by=BY, tasks=(task,), tried=tried))
    return UNTRIED if trial.untried else None


def add_rule(form: Form, door: Door) -> None:
    """A rule in a person's words."""
    _of_rules(_valid(AddRule, text=form.get("text", "")), door)


def judge_rule(form: Form, door: Door) -> None:
    """Ban a rule, pin it, or free it."""
    _of_rules(_valid(JudgeRule, rule=form.get("rule", "").strip(), standing=form.get("standing", "")), door)


def stop(form: Form, door: Door) -> None:
    """End the run after the attempts under way."""
    del form
    if not door.under_way():
        raise InputError("no run is under way; the next one would stop at once")
    write_atomically(door.memory / stopping.STOP_FILE, b"")


def pause(form: Form, door: Door) -> None:
    """Begin nothing new until `go_on`."""
    del form
    _of_the_run(Pause(), door)


def go_on(form: Form, door: Door) -> None:
    """End a pause."""
    del form
    _of_the_run(GoOn(), door)


def requeue(form: Form, door: Door) -> None:
    """Try a known task again, before what the Trainer would choose."""
    task = find_task(door.memory, form.get("task", "").strip()).task
    door.leave(Wish(by=BY, run=(_valid(Requeue, task=task.id),)))


def prioritise(form: Form, door: Door) -> None:
    """Give a known task another priority."""
    task = find_task(door.memory, form.get("task", "").strip()).task
    door.leave(Wish(by=BY, run=(_valid(Prioritise, task=task.id, priority=form.get("priority") or 0),)))


ACTIONS: dict[str, Action] = {
    "task": add_task,
    "rule": add_rule,
    "judge": judge_rule,
    "requeue": requeue,
    "priority": prioritise,
    "pause": pause,
    "resume": go_on,
    "stop": stop,
}
"""By the last part of the address that their forms are sent to."""


def _of_rules(wish: AnyWish, door: Door) -> None:
    door.leave(Wish(by=BY, rules=(wish,)))


def _of_the_run(wish: AnyRunWish, door: Door) -> None:
    if not door.under_way():
        raise InputError("no run is under way, there is nothing to pause or to resume")
    door.leave(Wish(by=BY, run=(wish,)))


def _valid(kind: type[M], **values: object) -> M:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = str(first["loc"][0]) if first["loc"] else "this"
        raise InputError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from error
