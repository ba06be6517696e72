"""The one place where the project retries: tenacity around an attempt, until it succeeds, fails or is stopped."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
import tenacity

from utils.clock import Clock
from utils.errors import Interrupted, ModelFault
from utils.llm_endpoint import Patience
from utils.llm_errors import ADVICE, Passing, Trouble

_SLICE_S = 0.1

T = TypeVar("T")
Sleep = Callable[[float], None]


class Persistence:
    """Repeats attempts at one server as long as patience lasts. Safe to use from several threads.

    Args:
        patience: attempts and waits.
        url: the server, for messages.
        stopping: whether a person asked to stop.
        clock: what patience is measured with.
        sleep: waits so many seconds, at most 0.1 at once.
    """

    def __init__(
        self, patience: Patience, *, url: str, stopping: Callable[[], bool], clock: Clock, sleep: Sleep = time.sleep
    ) -> None:
        self._patience, self._url = patience, url
        self._stopping, self._clock, self._sleep = stopping, clock, sleep
        self._lock = threading.Lock()
        self._trouble: Trouble | None = None
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

    def run(self, attempt: Callable[[], T]) -> T:
        """What the attempt returns, once it does.

        Raises:
            ModelFault: patience is used up, or whatever else but Passing the attempt raised.
            Interrupted: a person asked to stop.
        """
        started_s = self._clock.monotonic_s()
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Passing),
            wait=self._wait_s,
            stop=lambda state: (
                state.attempt_number >= self._patience.attempts
                or self._spent_s(started_s) + state.upcoming_sleep > self._patience.total_s
            ),
            sleep=self._pause,
            before_sleep=self._note_retry,
            reraise=True,
        )
        self.check_stop()
        try:
            result = retrying(attempt)
        except Passing as last:
            raise self._fault(last, retrying.statistics["attempt_number"], self._spent_s(started_s)) from None
        self._note_success()
        return result

    def check_stop(self) -> None:
        """Nothing, as long as nobody asked to stop.

        Raises:
            Interrupted: somebody did.
        """
        if self._stopping():
            raise Interrupted(f"asked to stop while waiting for {self._url}; start again to go on")

    def _spent_s(self, started_s: float) -> float:
        return self._clock.monotonic_s() - started_s

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        """The growing wait, or the server's own wish between the first wait and the cap."""
        patience = self._patience
        asked_s = _passing(state).wait_s
        if asked_s is not None:
            return min(max(asked_s, patience.first_wait_s), patience.cap_s)
        grown = tenacity.wait_exponential(
            multiplier=patience.first_wait_s, exp_base=patience.growth, max=patience.cap_s
        )
        return grown(state)

    def _pause(self, seconds: float) -> None:
        until_s = self._clock.monotonic_s() + seconds
        while (left_s := until_s - self._clock.monotonic_s()) > 0:
            self.check_stop()
            self._sleep(min(left_s, _SLICE_S))
        self.check_stop()

    def _note_retry(self, state: tenacity.RetryCallState) -> None:
        """One line for each kind of trouble until an attempt succeeds: a server may be away for hours."""
        passing = _passing(state)
        with self._lock:
            known, self._trouble = self._trouble, passing.trouble
        if known is not passing.trouble:
            self._log.warning(
                "model.retry",
                url=self._url,
                trouble=passing.trouble.value,
                what=str(passing),
                wait_s=round(state.upcoming_sleep, 3),
            )

    def _note_success(self) -> None:
        with self._lock:
            known, self._trouble = self._trouble, None
        if known is not None:
            self._log.info("model.recovered", url=self._url, trouble=known.value)

    def _fault(self, last: Passing, attempts: int, spent_s: float) -> ModelFault:
        self._log.error(
            "model.fault", url=self._url, trouble=last.trouble.value, attempts=attempts, spent_s=round(spent_s, 3)
        )
        times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        return ModelFault(f"{last} at {self._url} ({times} in {spent_s:.0f} s); {ADVICE[last.trouble]}")


def _passing(state: tenacity.RetryCallState) -> Passing:
    """What the last attempt raised; tenacity calls only after that."""
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Passing)
    return error
