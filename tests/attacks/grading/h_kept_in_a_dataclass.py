# MUST: pass. Adds with a frozen dataclass of its own, in operators.
# mypy: ignore-errors
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    value: int

    def __add__(self, other: "Term") -> "Term":
        return Term(self.value + other.value)


def add(a: int, b: int) -> int:
    return (Term(a) + Term(b)).value
