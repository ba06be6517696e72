"""The short ways in which people write cases and generators in task files, spelled out as the fields of a task."""

from collections.abc import Callable

from memory.bounded_text import shown
from memory.cases import case_of_line

Wrong = Callable[[str, str], Exception]
"""Makes the error of a field."""


def loose_cases(cases: object, wrong: Wrong) -> list[object]:
    """Cases as one text with a case on each line (# begins a comment), or a list of such lines and of objects.

    Raises:
        Exception: what `wrong` makes of the first line that is no case.
    """
    if isinstance(cases, str):
        lines = (line.strip() for line in cases.split("\n"))
        cases = [line for line in lines if line and not line.startswith("#")]
    if not isinstance(cases, list):
        raise wrong("cases", f"must be a text or a list, not {type(cases).__name__}; correct it")
    return [_case(case, f"cases.{at}", wrong) if isinstance(case, str) else case for at, case in enumerate(cases)]


def _case(line: str, field: str, wrong: Wrong) -> dict[str, object]:
    try:
        found = case_of_line(line)
    except ValueError as error:
        raise wrong(field, f"{shown(error)}; correct it") from error
    return {"call": found.call, "expected": found.expected, "raises": found.raises}


def loose_generator(generator: object) -> object:
    """A generator that was written as its source alone, with the usual number of inputs."""
    return {"source": generator} if isinstance(generator, str) else generator
