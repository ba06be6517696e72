"""The score of one unit: accuracy, speed, elegance, difficulty, and what they add up to.

    accuracy    share of assertions that held; 1 only if all checks passed
    speed       (r + e) / (c + e), at most 1: r and c are the CPU seconds of the reference and of the solution on the
                same checks in the same sandbox, e = 0.005 s is the noise of the measurement
    elegance    sqrt(min(1, k_r / k_c) * min(1, l_r / l_c)), r of the reference, c of the solution: k is the cyclomatic
                complexity (McCabe 1976) of the module and all its functions together, l the number of statements,
                docstrings not counted
    difficulty  as declared by the task
    points      100 * quality * (1 + difficulty) / 2, quality the weighted mean of the parts; a part that is unknown
                takes no part in the mean of a solution that passed, and speed and elegance are 0 in that of one that
                failed, so that no failure has more points than a pass

A cooperative verdict has no score: the tests shared the solution's process. Of a task with fresh inputs the reference
and the solution meet different ones, of the same number.

Speed and elegance compare with the task's reference; without one they are unknown (None).
"""

import ast
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from memory.attempts import AttemptLimits, Score, Verdict
from memory.digests import task_digest
from memory.tasks import Task
from utils.errors import SandboxFault
from utils.python_source import parse_python
from utils.settings import Settings

NOISE_S = 0.005
MAX_MEASURED_CHARS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each part counts; they need not add up to 1."""

    accuracy: float = 0.7
    speed: float = 0.15
    elegance: float = 0.15

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """Those that were asked for."""
        return cls(accuracy=settings.weight_accuracy, speed=settings.weight_speed, elegance=settings.weight_elegance)


@dataclass(frozen=True, slots=True)
class CodeSize:
    """How complex and how long a piece of code is."""

    complexity: int
    statements: int


def measure_code(code: str) -> CodeSize | None:
    """Complexity and length; None if it is no Python or too long to be worth it."""
    if len(code) > MAX_MEASURED_CHARS:
        return None
    try:
        nodes = list(ast.walk(parse_python(code)))
    except SyntaxError:
        return None
    return CodeSize(1 + sum(map(_decisions, nodes)), max(1, sum(map(_is_statement, nodes))))


def _is_statement(node: ast.AST) -> bool:
    words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.stmt) and not words


def _decisions(node: ast.AST) -> int:
    """How many ways a node adds to those through the code; a function adds the one through itself."""
    count = 0
    match node:
        case ast.BoolOp(values=values):
            count = len(values) - 1
        case ast.comprehension(ifs=ifs):
            count = 1 + len(ifs)
        case ast.For(orelse=orelse) | ast.AsyncFor(orelse=orelse) | ast.While(orelse=orelse):
            count = 1 + bool(orelse)
        case ast.Try(handlers=handlers, orelse=orelse) | ast.TryStar(handlers=handlers, orelse=orelse):
            count = len(handlers) + bool(orelse)
        case ast.Match(cases=cases):
            count = len(cases)
        case ast.If() | ast.IfExp() | ast.Assert() | ast.FunctionDef() | ast.AsyncFunctionDef():
            count = 1
    return count


def elegance(code: str, reference: str) -> float | None:
    """0..1 as defined above; None where one of the two cannot be measured."""
    ours, theirs = measure_code(code), measure_code(reference)
    if ours is None or theirs is None:
        return None
    simple = min(1.0, theirs.complexity / ours.complexity)
    short = min(1.0, theirs.statements / ours.statements)
    return math.sqrt(simple * short)


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
    neat = None if task.reference is None else elegance(code, task.reference)
    passed = verdict.outcome == "passed"
    parts = (
        (weights.accuracy, verdict.accuracy),
        (weights.speed, quick if passed else 0.0),
        (weights.elegance, neat if passed else 0.0),
    )
    known = [(weight, value) for weight, value in parts if value is not None]
    quality = sum(weight * value for weight, value in known) / sum(weight for weight, _ in known)
    return Score(
        accuracy=round(verdict.accuracy, 6),
        speed=None if quick is None else round(quick, 6),
        elegance=None if neat is None else round(neat, 6),
        difficulty=task.difficulty,
        points=round(100 * quality * (1 + task.difficulty) / 2, 4),
    )


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
