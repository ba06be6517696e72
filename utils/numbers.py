"""Numbers as the log keeps them."""

DIGITS = 12


def significant(value: float) -> float:
    """The value with 12 significant digits: what is computed again elsewhere is compared so."""
    return float(f"{value:.{DIGITS}g}")


def span_words(seconds: float) -> str:
    """A span of time in the two largest of its units that say something, e.g. 2 h 5 min, 3 min 20 s or 45 s."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"
