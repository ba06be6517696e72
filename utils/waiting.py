"""Growing patience with something that is away."""

from dataclasses import dataclass

FIRST_S = 1.0
GROWTH = 2.0


@dataclass(slots=True)
class Backoff:
    """Waits that double from one second up to `longest_s`, and start anew after a success."""

    longest_s: float
    failures: int = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        self.failures += 1
        return float(min(self.longest_s, FIRST_S * GROWTH ** min(self.failures - 1, 60)))

    def reset(self) -> None:
        """It is back."""
        self.failures = 0
