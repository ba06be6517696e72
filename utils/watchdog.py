"""Sees a step that does not come to its end, and says once where: who, which step, and every thread's stack in a file.

It changes nothing: what is stuck is waited for, by limits of its own or by a person. Time during which this whole
process stood still, because it was stopped or the machine slept, does not count.
"""

import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from utils.clock import Clock
from utils.errors import StorageFault
from utils.files import write_atomically
from utils.numbers import span_words
from utils.settings import Settings
from utils.steps import Step, Steps

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
TIMES_USUAL = 10.0
LEAST_S = 600.0


class Watchdog:
    """A thread that looks at the steps; use it as a context manager around the run.

    Args:
        steps: what is under way.
        clock: what time is measured with.
        limit_s: a step that takes longer is stuck; if None, ten times its usual time, and at least `least_s`.
        least_s: see there; longer than anything that may rightly take long.
        stacks: the file that is written with what every thread does.
        told: hears a line for each step that is stuck, and one when it came to its end after all.
    """

    def __init__(
        self,
        steps: Steps,
        clock: Clock,
        *,
        limit_s: float | None,
        least_s: float = LEAST_S,
        stacks: Path,
        told: Callable[[str], None],
    ) -> None:
        self._steps, self._clock, self._limit_s, self._least_s = steps, clock, limit_s, least_s
        self._stacks, self._told = stacks, told
        self._every_s = LOOK_EVERY_S if limit_s is None else min(LOOK_EVERY_S, limit_s / 4)
        self._last_s = clock.monotonic_s()
        self._ages_s: dict[Step, float] = {}
        self._stuck: set[Step] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="watchdog", daemon=True)

    @classmethod
    def of_settings(cls, settings: Settings, steps: Steps, clock: Clock, *, told: Callable[[str], None]) -> Self:
        """What the settings want; asking a model may rightly take as long as its patience lasts."""
        return cls(
            steps,
            clock,
            limit_s=settings.stuck_s,
            least_s=max(LEAST_S, 2 * (settings.first_token_s + settings.patience_s)),
            stacks=settings.memory / "logs" / "stuck.txt",
            told=told,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(timeout=self._every_s)

    def _look_on(self) -> None:
        while not self._done.wait(self._every_s):
            self.look()

    def look(self) -> None:
        """One look: tell what has become stuck, and what is no longer."""
        now_s = self._clock.monotonic_s()
        passed_s, self._last_s = min(now_s - self._last_s, 2 * self._every_s), now_s
        steps = self._steps.under_way()
        self._ages_s = {step: self._ages_s.get(step, 0.0) + passed_s for step in steps}
        for step in self._stuck - set(steps):
            self._told(f"{step.who} goes on after {span_words(now_s - step.since_s)} of {step.what}")
        self._stuck &= set(steps)
        for step in steps:
            if step not in self._stuck and self._ages_s[step] > self._allowed_s(step):
                self._stuck.add(step)
                self._tell(step)

    def _allowed_s(self, step: Step) -> float:
        if self._limit_s is not None:
            return self._limit_s
        return max(self._least_s, TIMES_USUAL * (self._steps.usual_s(step.what) or 0.0))

    def _tell(self, step: Step) -> None:
        age_s = self._ages_s[step]
        log.warning("watchdog.stuck", who=step.who, step=step.what, age_s=round(age_s, 1), stacks=str(self._stacks))
        with suppress(StorageFault):
            write_atomically(self._stacks, stacks_of_all_threads().encode())
        self._told(f"stuck? {step.who} has been {step.what} for {span_words(age_s)}; {self._stacks} tells where")


def stacks_of_all_threads() -> str:
    """Where every thread of this process is now, for people; code alone, no values."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():  # noqa: SLF001  what the standard library offers
        stack = "".join(traceback.format_stack(frame))
        parts.append(f"{names.get(ident, 'a thread without a name')}:\n{stack}")
    return "\n".join(parts)
