"""The flight simulator: the rehearsal model for nights of thousands of units in minutes, where nothing is executed.

In place of code, right or broken, a reply holds a program that says by a marker line how it was intended. A stand-in
for the grader reads the marker with `intended`, so that no answer passes by luck: pass rates are exactly the planted
odds. Odds and draws are those of the rehearsal model: with the same seeds both intend the same.

What it does not show: how mistakes look, which depends on the code and its checks.
"""

import re
from collections.abc import Sequence

from utils.completions import Completion, Reply
from utils.rehearsal import replies
from utils.rehearsal.answers import Written, answer, draws_for, odds
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import KnownTask
from utils.rehearsal.reading import Reader, Situation, TaskIndex, Wish
from utils.rehearsal.truths import Truths

NAME = "flight (simulated)"
PASSED_MARKER = 'OUTCOME = "passed"'
FAILED_MARKER = 'OUTCOME = "failed"'

_MARKER = re.compile(rf"^(?:({re.escape(PASSED_MARKER)})|{re.escape(FAILED_MARKER)})[ \t]*$", re.MULTILINE)


class FlightModel:
    """Fulfils utils.completions.Model; a pure function of messages, request seed, model seed, tasks, truths and unit.

    Safe to use from many threads at once. Never raises a ModelFault.

    Args:
        tasks: what it can be asked for; no references are needed.
        truths: the planted odds; of the ways to be wrong and of the styles of replies none is used.
        seed: another seed gives another night in the same world.
    """

    def __init__(self, tasks: Sequence[KnownTask], truths: Truths, seed: int) -> None:
        self._reader = Reader(TaskIndex(tasks), truths.rules)
        self._truths = truths
        self._seed = seed

    @property
    def name(self) -> str:
        """A name that says that it is simulated."""
        return NAME

    def complete(self, completion: Completion) -> Reply:
        """The reply, after the truths' latency; the same for the same request."""
        return answer(self._write, completion, model=NAME, latency_s=self._truths.latency_s)

    def _write(self, completion: Completion) -> Written:
        situation = self._reader.read(completion)
        if situation.wish is not Wish.CODE:
            draws = self._draws(completion, "words")
            return Written(replies.in_json(situation, self._truths.reflection, draws))
        return Written(self._program(completion, situation))

    def _program(self, completion: Completion, situation: Situation) -> str:
        task = situation.task
        if task is None:
            return replies.UNKNOWN
        right = self._draws(completion, "plan").chance(odds(self._truths, task, situation, unit=completion.unit))
        return f"A simulated flight.\n\n```python\n{_program_of(task, right=right)}```"

    def _draws(self, completion: Completion, purpose: str) -> Draws:
        return draws_for(completion, seed=self._seed, purpose=purpose)


def intended(code: str) -> bool:
    """Whether a program of the flight simulator is intended to pass: its only marker line says so.

    A text without a marker, or with several, is no program of the flight simulator and does not pass.
    """
    found = [match[1] is not None for match in _MARKER.finditer(code)]
    return found == [True]


def _program_of(task: KnownTask, *, right: bool) -> str:
    """The marker, and a definition of the entry point, for without one no code is taken for a solution."""
    marker = PASSED_MARKER if right else FAILED_MARKER
    if task.entry_point is None:
        return f"{marker}\n"
    return f'{marker}\n\n\ndef {task.entry_point}(*_):\n    """Does nothing: only OUTCOME counts."""\n'
