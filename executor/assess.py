"""Judges code: the verdict in the sandbox, the score against the reference, and whether a task can be passed at all."""

from typing import Protocol

from executor.grading.grade import grade
from executor.grading.trial import try_task
from executor.sandbox import Sandbox
from executor.score_engine import ReferenceTimes, Weights, score
from memory.attempts import AttemptLimits, AttemptSpec, Score, Verdict
from memory.tasks import Task
from utils.files import sha256_hex
from utils.ids import derived


class Assess(Protocol):
    """Judges code."""

    def grade(self, task: Task, code: str, spec: AttemptSpec) -> Verdict:
        """The verdict on a solution."""
        ...

    def score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        """The score of a graded verdict."""
        ...

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """Why a task cannot be passed; empty if it can."""
        ...

    def trial(self, task: Task, limits: AttemptLimits) -> str:
        """What is wrong with a task that was never tried; empty if nothing was found."""
        ...


class Assessor:
    """All judgements of one run, in one sandbox."""

    def __init__(self, sandbox: Sandbox, weights: Weights) -> None:
        """Nothing is run yet."""
        self._sandbox, self._weights = sandbox, weights
        self._times = ReferenceTimes(self._run)

    def _run(self, task: Task, code: str, limits: AttemptLimits, seed: int = 0) -> Verdict:
        return grade(task, code, self._sandbox, limits=limits, seed=seed)

    def grade(self, task: Task, code: str, spec: AttemptSpec) -> Verdict:
        """The verdict on a solution.

        Its fresh inputs follow from the attempt's seed and the code, so that each try of an attempt meets others, and
        the same attempt the same ones again.

        Raises:
            SandboxFault: it could not be run.
        """
        digest = sha256_hex(code.encode("utf-8", "surrogatepass"))
        return self._run(task, code, spec.limits, derived(spec.seed, "inputs", digest))

    def score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        """The score of a graded verdict, speed and elegance against the reference; None for a cooperative one."""
        if verdict.cooperative:
            return None
        return score(
            task, code, verdict, reference_cpu_s=self._times.of(task, spec.limits), weights=self._weights
        )  # fmt: skip

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """Why a task cannot be passed, or cannot be known to be passable; empty if its own reference passes.

        Raises:
            SandboxFault: it could not be run.
        """
        if task.reference is None:
            return "it has no reference that could show that it can be passed"
        verdict = self._run(task, task.reference, limits)
        if verdict.suspect:
            return verdict.suspect
        return "" if verdict.outcome == "passed" else "its own reference does not pass its checks"

    def trial(self, task: Task, limits: AttemptLimits) -> str:
        """What is wrong with a task that was never tried; empty if nothing was found.

        Raises:
            SandboxFault: it could not be tried.
        """
        return try_task(task, self._sandbox, limits).flaw
