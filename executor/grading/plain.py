"""The host's side of the plain run: solution and checks in one process, as plain Python runs them."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from executor.grading.programs import PLAIN
from executor.sandbox import Conversation, ConversationCancelled, ConversationEnded, Limits, Program, Sandbox
from memory.cases import is_exception
from memory.tasks import Task
from utils.errors import Interrupted
from utils.text import one_line, well_formed

JUDGE_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Plain:
    """What a plain run said: whether all held, and in a line how not."""

    passed: bool
    said: str = "passed"


def judge_limits(bounds: Limits) -> Limits:
    """Of a judge: it waits for the candidate, so its time must outlast the candidate's, and then runs it once more."""
    seconds = 2 * bounds.wall_s + JUDGE_GRACE_S
    return Limits(wall_s=seconds, cpu_s=seconds, memory_mb=max(1024, 2 * bounds.memory_mb))


def run_plainly(task: Task, source: str, sandbox: Sandbox, *, limits: Limits, hash_seed: int) -> Plain:
    """What the plain run says in a process of its own, in which texts hash by this seed.

    Raises:
        SandboxFault: the sandbox could not start or was lost.
        Interrupted: the sandbox was closed meanwhile.
    """
    program = sandbox.converse(Program(source=PLAIN, limits=judge_limits(limits), hash_seed=hash_seed))
    try:
        with suppress(ConversationEnded):
            program.send(json.dumps(order_of(task, source, limits)).encode())
        return heard(program, task)
    finally:
        program.close()


def order_of(task: Task, source: str, limits: Limits) -> dict[str, Any]:
    """What a program is told that is to run the solution beside the task's checks."""
    return {
        "source": source,
        "setup": task.setup,
        "interface": task.callable_names,
        "checks": [check.model_dump(include={"name", "code"}) for check in task.checks],
        "wall_s": limits.wall_s,
        "cpu_s": limits.cpu_s,
    }


def heard(program: Conversation, task: Task) -> Plain:
    """What a program says of the plain run that it was asked for.

    Raises:
        Interrupted: the sandbox was closed meanwhile.
    """
    try:
        return _said(program.receive(), task)
    except ConversationCancelled:
        raise Interrupted("the sandbox was closed during a grading") from None
    except ConversationEnded:
        return Plain(passed=False, said="its process ended")


def _said(frame: bytes, task: Task) -> Plain:
    """The program's word. The solution shares its process and could write there what it read of the checks, so only
    names that are known are taken from it.
    """
    try:
        told = json.loads(frame)
        if told["passed"] is True:
            return Plain(passed=True)
        where, raised = str(told["where"]), str(told["raised"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return Plain(passed=False, said="its process answered nonsense")
    place = where if where in task.check_names else "at its start"
    return Plain(
        passed=False, said=well_formed(one_line(f"{place}: {raised if is_exception(raised) else 'an exception'}"))
    )
