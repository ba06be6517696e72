"""What became of tasks that were tried again after the Builder's model changed.

A pair is a task's last graded outcome with an earlier model and its first one with the present model. Falls and rises
are equally likely where the new model is as good as the old one, because reviews after a change go to all that was
tried, passed or not (see trainer.strategy_manager). Simulated, 60 nights of 300 units before and after a change that
changed nothing: the test finds a fall in 0.02 of them, with reviews of passed tasks alone in 0.07; a loss of 1.5 logits
is found in 0.63.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from memory.analysis import RecheckFinding
from memory.events import Event, Finished
from memory.state import MemoryState
from memory.views.view import Document


@dataclass(frozen=True, slots=True)
class _Outcome:
    model: str
    passed: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    skills: tuple[str, ...]
    before: bool
    after: bool


class Rechecks:
    """The pairs of the present model; a view without documents, folded from the log like the others."""

    def __init__(self) -> None:
        self._model = ""
        self._latest: dict[str, _Outcome] = {}
        self._pairs: dict[str, _Pair] = {}

    def fold(self, event: Event, state: MemoryState) -> None:
        """Notice passes and failures."""
        if isinstance(event.data, Finished) and event.data.result.judged:
            self._note(event.data, state)

    def changed(self) -> Iterator[Document]:
        """Nothing: the analysis tells of it."""
        yield from ()

    def findings(self) -> tuple[RecheckFinding, ...]:
        """For each skill with a pair, by name."""
        tasks, falls, rises = Counter[str](), Counter[str](), Counter[str]()
        for pair in self._pairs.values():
            tasks.update(pair.skills)
            if pair.before != pair.after:
                (falls if pair.before else rises).update(pair.skills)
        return tuple(
            RecheckFinding(
                skill=skill,
                tasks=tasks[skill],
                falls=falls[skill],
                rises=rises[skill],
                p_value=sign_test(falls[skill], rises[skill]),
            )
            for skill in sorted(tasks)
        )

    def _note(self, finished: Finished, state: MemoryState) -> None:
        task, model = finished.belog.task_id, finished.belog.execution_context.model
        if model != self._model:
            self._model, self._pairs = model, {}
        after, before = _Outcome(model, finished.result.outcome == "passed"), self._latest.get(task)
        if before is not None and before.model != model:
            self._pairs[task] = _Pair(state.tasks[task].task.skills, before.passed, after.passed)
        self._latest[task] = after


def sign_test(falls: int, rises: int) -> float:
    """The p-value of the exact two-sided sign test, 6 significant digits; 1 for equal numbers."""
    tries = falls + rises
    tail = sum(math.comb(tries, number) for number in range(min(falls, rises) + 1)) / 2**tries
    return float(f"{min(1.0, 2 * tail):.6g}")
