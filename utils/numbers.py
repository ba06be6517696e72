"""Numbers as the log keeps them."""

DIGITS = 12


def significant(value: float) -> float:
    """The value with 12 significant digits: what is computed again elsewhere is compared so."""
    return float(f"{value:.{DIGITS}g}")
