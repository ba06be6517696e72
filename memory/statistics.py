"""Small statistics of pass records."""

import math

Z95 = 1.959963984540054


def pass_rate(passes: int, attempts: int) -> float:
    """Share of passes with 6 decimals, 0 where nothing was tried."""
    return round(passes / attempts, 6) if attempts else 0.0


def wilson_interval(passes: int, attempts: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a binomial share (Wilson 1927), 6 decimals; (0, 1) where nothing was tried.

    Args:
        passes: 0 .. attempts.
        attempts: 0 or more.
        z: the normal quantile of the wanted confidence, 1.96 for 95 %.
    """
    if attempts == 0:
        return 0.0, 1.0
    share, weight = passes / attempts, z * z / attempts
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / attempts + weight / (4 * attempts))
    return round(max(0.0, middle - half), 6), round(min(1.0, middle + half), 6)
