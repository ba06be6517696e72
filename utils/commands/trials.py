"""Trying tasks as they are added, in the sandbox that a night would take."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TypeVar

from memory.attempts import AttemptLimits
from memory.digests import task_digest
from memory.tasks import Task
from utils.errors import InputError
from utils.settings import Settings

PROGRESS_S = 5.0
MOST_WORKERS = 4
T = TypeVar("T")
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying tasks.

    Attributes:
        flaws: what is wrong with each task that is no use, in the tasks' order; None where nothing is.
        sound: the digests of those that were tried and are sound.
        untried: why some were not tried, in one line; empty if all were that are graded.
    """

    flaws: tuple[str | None, ...]
    sound: tuple[str, ...] = ()
    untried: str = ""


def try_tasks(tasks: Sequence[Task], settings: Settings, *, tell: Tell = lambda _: None) -> Tried:
    """Each graded task tried; those that could not be are taken as they are, and tried before their first attempt."""
    if not any(task.graded for task in tasks):
        return Tried((None,) * len(tasks))
    # docker takes 0.4 s to import, for which no other command should wait
    from executor.choose_sandbox import SandboxOptions, choose_sandbox  # noqa: PLC0415
    from executor.grading.trial import Trial, read_task, try_task  # noqa: PLC0415
    from executor.runner import Ended, guarded  # noqa: PLC0415

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: nothing of a job may stay behind
    options = SandboxOptions.of_settings(settings)
    try:
        sandbox = choose_sandbox(settings.sandbox, trusted_code_only=False, options=options)
    except InputError as error:
        return Tried(tuple(read_task(task).flaw or None for task in tasks), untried=str(error))
    if not sandbox.tier.safe:
        tell(f"UNSAFE: the {sandbox.tier.kind} sandbox does not cover {'; '.join(sandbox.tier.gaps)}")
    limits = AttemptLimits(wall_s=settings.wall_s, cpu_s=settings.cpu_s, memory_mb=settings.memory_mb)

    def trial_of(task: Task) -> Ended[Trial]:
        return guarded(task.id, lambda: try_task(task, sandbox, limits))

    with ExitStack() as stack:
        pool = ThreadPoolExecutor(max_workers=min(MOST_WORKERS, os.cpu_count() or 1))
        stack.callback(pool.shutdown, cancel_futures=True)
        stack.enter_context(closing(sandbox))
        ended = list(_followed(pool.map(trial_of, tasks), len(tasks), tell))
    found = [(task, each.value) for task, each in zip(tasks, ended, strict=True)]
    return Tried(
        flaws=tuple(trial.flaw or None if trial else None for _, trial in found),
        sound=tuple(task_digest(task) for task, trial in found if trial and trial.sound and task.graded),
        untried=next((str(each.fault) for each in ended if each.fault), ""),
    )


def _followed(ended: Iterable[T], count: int, tell: Tell) -> Iterable[T]:
    """The same, told of every few seconds."""
    told_s = time.monotonic()
    for number, each in enumerate(ended, start=1):
        yield each
        if time.monotonic() - told_s >= PROGRESS_S:
            tell(f"tried {number} of {count} tasks")
            told_s = time.monotonic()
