"""What a grading has found out so far, kept within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from memory.attempts import Assertion, CheckVerdict
from utils.text import clip

MAX_FAILURES = 20
MAX_PASSES = 20
PASS_CHARS = 200
"""Kept of each text of an assertion that held."""
ALL_PASS_CHARS = 8000
_TEXTS = ("check", "source", "call", "arguments", "expected", "actual", "error")


@dataclass(slots=True)
class Tally:
    """Checks in the order in which they came to their end, and the first assertions that failed and that held."""

    checks: list[CheckVerdict] = field(default_factory=list)
    failures: list[Assertion] = field(default_factory=list)
    passes: list[Assertion] = field(default_factory=list)
    _chars: int = 0

    def note(self, check: CheckVerdict, *, failures: Sequence[Assertion], passes: Sequence[Assertion]) -> None:
        """Take in one check with its assertions."""
        self.checks.append(check)
        self.failures += failures[: MAX_FAILURES - len(self.failures)]
        for each in passes[: MAX_PASSES - len(self.passes)]:
            self._keep(each)

    def note_cases(self, name: str, cases: Sequence[Assertion]) -> None:
        """Take in one check that is made of cases."""
        failures, passes = ([each for each in cases if each.passed is held] for held in (False, True))
        verdict = CheckVerdict(
            name=name, passed=not failures, assertions_passed=len(passes), assertions_total=len(cases)
        )  # fmt: skip
        self.note(verdict, failures=failures, passes=passes)

    def _keep(self, held: Assertion) -> None:
        texts = {name: clip(getattr(held, name), PASS_CHARS) for name in _TEXTS}
        self._chars += sum(map(len, texts.values()))
        if self._chars <= ALL_PASS_CHARS:
            self.passes.append(held.model_copy(update={**texts, "traceback": ""}))
