"""Notices a clock that was put and a machine that slept, from three clocks that then disagree."""

from utils.clock import Clock
from utils.numbers import span_words

NOTICED_S = 30.0
"""Less is an adjustment that no time limit feels."""


class ClockWatch:
    """Compares what passed on each clock from one look to the next; a slow drift is never noticed."""

    def __init__(self, clock: Clock) -> None:
        """The first look."""
        self._clock = clock
        self._before = self._read()

    def look(self) -> str:
        """What happened since the last look, in words; empty if the clocks agree."""
        before, self._before = self._before, self._read()
        wall_s, awake_s, elapsed_s = (now - then for now, then in zip(self._before, before, strict=True))
        slept_s, put_s = elapsed_s - awake_s, wall_s - elapsed_s
        told = []
        if slept_s >= NOTICED_S:
            told.append(f"the machine slept for {span_words(slept_s)}; --hours counts that time too")
        if abs(put_s) >= NOTICED_S:
            where = "forward" if put_s > 0 else "back"
            told.append(
                f"the clock was put {where} by {span_words(abs(put_s))}; --until goes by the clock, --hours by the "
                "time that passed"
            )
        return "; ".join(told)

    def _read(self) -> tuple[float, float, float]:
        return self._clock.now().timestamp(), self._clock.monotonic_s(), self._clock.elapsed_s()
