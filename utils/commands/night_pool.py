"""Flies nights in processes of their own; whatever ends it, the processes and their folders are gone afterwards."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context
from pathlib import Path
from types import FrameType
from typing import NoReturn

from memory.view_files import compare, rebuild
from trainer.views import all_views
from utils.commands.flights import Night, fly
from utils.commands.night_figures import NightFigures, figures_of
from utils.commands.planted import Planted, Witness
from utils.errors import BuilderTrainerError

IN_MEMORY = Path("/dev/shm")  # noqa: S108  folders with random names below it, for their owner alone
UNIT_BYTES = 64 * 1024
"""More than an attempt leaves on the disk."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Job:
    """A night to fly; its memory is moved to `keep` if that is given, else thrown away."""

    number: int
    night: Night
    keep: Path | None = None


def fly_all(jobs: Sequence[Job], *, workers: int, landed: Callable[[NightFigures], None]) -> list[NightFigures]:
    """The figures of all nights, in order; `landed` is told of each as it ends.

    Raises:
        InputError: a setting is no use.
        StorageFault: the disk refused.
        BuilderTrainerError: a process was ended from outside.
        KeyboardInterrupt: Ctrl-C or SIGTERM came.
    """
    bytes_needed = min(workers, len(jobs)) * max(job.night.units for job in jobs) * UNIT_BYTES
    with (
        _interruptible(),
        tempfile.TemporaryDirectory(prefix="rehearse-", dir=_ground(bytes_needed)) as ground,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        futures: list[Future[NightFigures]] = []
        try:
            with _deaf_children():
                futures += [pool.submit(fly_one, job, Path(ground)) for job in jobs]
            for future in as_completed(futures):
                landed(future.result())
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise BuilderTrainerError(
                "a process that flew a night was ended from outside, perhaps for want of memory; try --workers 1"
            ) from error
        finally:
            if not all(future.done() for future in futures):
                _end_processes(pool)


def fly_one(job: Job, ground: Path) -> NightFigures:
    """One night, in a memory of its own below this folder."""
    with tempfile.TemporaryDirectory(prefix=f"night-{job.number:04d}-", dir=ground) as place:
        folder = Path(place) / "memory"
        witness = Witness(job.night.nominate, Planted(job.night.truths))
        state = fly(replace(job.night, nominate=witness), folder)
        if job.keep is not None:
            rebuild(folder, all_views(), compare(folder, all_views()))
            shutil.copytree(folder, job.keep)
        return figures_of(job.number, job.night.seed, folder, state, witness)


def _ground(bytes_needed: int) -> str | None:
    """Where the nights' memories are: in the machine's own memory if that has room, for what need not last is faster
    there by half; None for the usual place, as where a person says by TMPDIR what it is."""
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return None
    return str(IN_MEMORY) if 4 * bytes_needed < shutil.disk_usage(IN_MEMORY).free else None


def _end_processes(pool: ProcessPoolExecutor) -> None:
    """End every process of the pool, whatever it does."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in active_children():
        child.terminate()


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that begin meanwhile never hear the Ctrl-C that a terminal sends to all: their parent ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _interruptible() -> Iterator[None]:
    """The first Ctrl-C or SIGTERM is a KeyboardInterrupt; those after it cannot disturb the cleaning up."""
    before = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
