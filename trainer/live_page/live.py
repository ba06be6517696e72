"""The latest run as far as the log goes, kept up to date by reading on."""

import time
from pathlib import Path
from threading import Lock

from memory.log_follower import LogFollower
from memory.view_files import Fold
from trainer.morning_report.night import NightView
from trainer.morning_report.page import report_page
from trainer.morning_report.whole_attempts import ToldWhole
from trainer.rechecks import Rechecks

PAGES_SHARE = 0.003
"""Of a processor, which pages that renew themselves take at most: it belongs to the run."""


class LiveNight:
    """Folds what is new when it is asked; safe to use from many threads."""

    def __init__(self, memory: Path) -> None:
        """Nothing is read yet."""
        self._memory = memory
        self._lock = Lock()
        self._follower = LogFollower(memory / "events")
        self._night, self._rechecks = NightView(), Rechecks()
        self._fold = Fold([self._night, self._rechecks])
        self._made: tuple[int, str] | None = None
        self._told = ToldWhole(memory)
        self._rests_until = 0.0

    def seq(self) -> int:
        """The number of the latest event.

        Raises:
            MemoryDamaged: the log cannot be trusted.
        """
        with self._lock:
            return self._read_on()

    def page(self) -> str:
        """The report as of now, with what is needed to follow and to steer.

        Raises:
            InputError: no run has begun.
            MemoryDamaged: the log cannot be trusted.
        """
        with self._lock:
            seq = self._read_on()
            if self._made is None or self._made[0] != seq:
                self._made = seq, self._make()
            return self._made[1]

    def _make(self) -> str:
        began_s = time.thread_time()
        html = report_page(self._memory, self._night, self._fold.state, self._rechecks, told=self._told, live=True)
        if self._made is not None:  # the first one takes long, and was asked for by hand
            self._rests_until = time.monotonic() + (time.thread_time() - began_s) / PAGES_SHARE
        return html

    @property
    def may_renew(self) -> bool:
        """Whether a page that follows the run may ask for a new one; who loads it by hand always gets one."""
        return time.monotonic() >= self._rests_until

    def _read_on(self) -> int:
        for event in self._follower.new():
            self._fold.apply(event)
        return self._follower.seq
