"""The score of one unit: accuracy, speed, elegance, difficulty, and what they add up to.

Each part lies in 0..1, and larger is better:

    accuracy    share of assertions that held; 1 only if all checks passed
    speed       (r + e) / (c + e), at most 1: r and c are the CPU seconds of the reference and of the solution on the
                same checks in the same sandbox, e = 0.005 s is the noise of the measurement
    elegance    the geometric mean of three comparisons of the reference, r, with the solution, c, each at most 1:
                k_r / k_c, k the cyclomatic complexity; l_r / l_c, l the size, in statements and expressions; and
                (4 + i_r) / (4 + i_c), i the poor habits that ruff finds, where they can be looked for: four more than
                the reference has halve it. See executor.code_figures
    difficulty  as declared by the task
    points      100 * quality * (1 - w + w * difficulty), quality the mean of the first three by their weights, w the
                weight of difficulty: at 1/2 the hardest task is worth twice the easiest, at 0 all are worth the same;
                a part that is unknown takes no part in the mean of a solution that passed, and speed and elegance are 0
                in that of one that failed, so that no failure has more points than a pass

A cooperative verdict has no score: the tests shared the solution's process. Of a task with fresh inputs the reference
and the solution meet different ones, of the same number.

Speed and elegance compare with the task's reference; without one they are unknown (None). Not covered: whether the
reference itself is elegant, and code that is shorter than it: nothing is better than the reference.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from executor.code_figures import MeasuredCode, measure_code
from memory.attempts import AttemptLimits, Score, Verdict
from memory.digests import task_digest
from memory.tasks import Task
from utils.errors import SandboxFault
from utils.settings import Settings

NOISE_S = 0.005
FORGIVEN = 4
"""Poor habits that halve what is left of elegance where the reference has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each part counts: the first three as shares of quality, which need not add up to 1; difficulty, 0..1."""

    accuracy: float = 0.7
    speed: float = 0.15
    elegance: float = 0.15
    difficulty: float = 0.5

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """Those that were asked for."""
        return cls(
            accuracy=settings.weight_accuracy,
            speed=settings.weight_speed,
            elegance=settings.weight_elegance,
            difficulty=settings.weight_difficulty,
        )

    def worth(self, difficulty: float) -> float:
        """The share of 100 points that a perfect solution of this difficulty has."""
        return 1 - self.difficulty + self.difficulty * difficulty


def elegance(code: MeasuredCode, reference: MeasuredCode) -> float:
    """0..1 as defined above."""
    ours, theirs = code.figures, reference.figures
    parts = [min(1.0, theirs.complexity / ours.complexity), min(1.0, theirs.size / ours.size)]
    if ours.issues is not None and theirs.issues is not None:
        parts.append(min(1.0, (FORGIVEN + theirs.issues) / (FORGIVEN + ours.issues)))
    return math.prod(parts) ** (1 / len(parts))


def speed(cpu_s: float, reference_cpu_s: float) -> float:
    """0..1 as defined above."""
    return min(1.0, (reference_cpu_s + NOISE_S) / (cpu_s + NOISE_S))


def score(task: Task, code: str, verdict: Verdict, *, reference_cpu_s: float | None, weights: Weights) -> Score:
    """The score of a graded verdict.

    Args:
        task: what was asked.
        code: the solution.
        verdict: what became of it.
        reference_cpu_s: what the reference took on the same checks, None if there is none.
        weights: of the parts.
    """
    quick = None if reference_cpu_s is None else speed(verdict.candidate.cpu_s, reference_cpu_s)
    ours, theirs = measure_code(code), None if task.reference is None else measure_code(task.reference)
    neat = None if ours is None or theirs is None else elegance(ours, theirs)
    quality = _quality(verdict, quick, neat, weights)
    return Score(
        accuracy=round(verdict.accuracy, 6),
        speed=None if quick is None else round(quick, 6),
        elegance=None if neat is None else round(neat, 6),
        difficulty=task.difficulty,
        points=round(100 * quality * weights.worth(task.difficulty), 4),
        figures=None if ours is None else ours.figures,
        reference_figures=None if theirs is None else theirs.figures,
        issues=() if ours is None else ours.issues,
    )


def _quality(verdict: Verdict, quick: float | None, neat: float | None, weights: Weights) -> float:
    passed = verdict.outcome == "passed"
    parts = (
        (weights.accuracy, verdict.accuracy),
        (weights.speed, quick if passed else 0.0),
        (weights.elegance, neat if passed else 0.0),
    )
    known = [(weight, value) for weight, value in parts if value is not None]
    return sum(weight * value for weight, value in known) / sum(weight for weight, _ in known)


class ReferenceTimes:
    """CPU seconds of the tasks' references in this sandbox, measured when first needed and kept."""

    def __init__(self, grade: Callable[[Task, str, AttemptLimits], Verdict]) -> None:
        """`grade` runs code as a solution."""
        self._grade = grade
        self._known: dict[tuple[str, AttemptLimits], float | None] = {}
        self._lock = threading.Lock()

    def of(self, task: Task, limits: AttemptLimits) -> float | None:
        """The reference's CPU seconds; None if there is no reference, or it does not pass here or cannot be run now.

        Raises:
            Interrupted: somebody asked to stop.
        """
        if task.reference is None:
            return None
        key = (task_digest(task), limits)
        with self._lock:
            if key not in self._known:
                try:
                    verdict = self._grade(task, task.reference, limits)
                except SandboxFault:
                    return None  # a comparison is not worth an attempt that is already graded; the next one tries anew
                self._known[key] = verdict.candidate.cpu_s if verdict.outcome == "passed" else None
            return self._known[key]
