"""Runs attempts on any `concurrent.futures.Executor` and hands back what became of them, faults apart."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from utils.errors import Defect, Fault

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """A job that ended: with a value, or with a fault."""

    key: str
    value: T | None = None
    fault: Fault | None = None


class Runner(Generic[T]):
    """Jobs under way, by key."""

    def __init__(self, pool: Executor, *, workers: int) -> None:
        """At most `workers` jobs run at a time."""
        self._pool, self._workers = pool, workers
        self._running: dict[Future[T], str] = {}

    @property
    def free(self) -> int:
        """How many more jobs can start now."""
        return self._workers - len(self._running)

    @property
    def running(self) -> int:
        """How many jobs are under way."""
        return len(self._running)

    def submit(self, key: str, job: Callable[[], T]) -> None:
        """Start a job."""
        self._running[self._pool.submit(job)] = key

    def ended(self, timeout_s: float) -> list[Ended[T]]:
        """The jobs that have ended, in the order of their start; waits at most `timeout_s` for the first."""
        if not self._running:
            time.sleep(timeout_s)
        done, _ = wait(self._running, timeout=timeout_s, return_when=FIRST_COMPLETED)
        return [self._collect(future) for future in list(self._running) if future in done]

    def _collect(self, future: Future[T]) -> Ended[T]:
        return guarded(self._running.pop(future), future.result)


def guarded(key: str, job: Callable[[], T]) -> Ended[T]:
    """What became of a job that is done here and now."""
    try:
        return Ended(key, value=job())
    except Fault as fault:
        return Ended(key, fault=fault)
    except Exception as error:
        # the cycle boundary, the one broad handler: a defect ends one attempt, not the night
        log.exception("attempt.defect", unit=key)
        return Ended(key, fault=Defect(f"a defect of this program ({type(error).__name__}: {error})"))
