"""Judges code: the verdict in the sandbox, the score against the reference, and whether a task can be passed at all."""

from typing import Protocol

from executor.grading.grade import grade
from executor.grading.trial import try_task
from executor.sandbox import Sandbox
from executor.score_engine import ReferenceTimes, Weights, score
from memory.attempts import AttemptLimits, AttemptSpec, Score, Verdict
from memory.shown_checks import shown_task, split
from memory.tasks import Task
from memory.told import Told, all_of, part_of
from utils.files import sha256_hex
from utils.ids import derived


class Assess(Protocol):
    """Judges code."""

    def grade(self, task: Task, code: str, spec: AttemptSpec) -> Verdict:
        """The verdict on a solution."""
        ...

    def tell(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Told:
        """What the Builder may read of a failed verdict."""
        ...

    def score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        """The score of a graded verdict."""
        ...

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """Why a task cannot be passed; empty if it can."""
        ...

    def trial(self, task: Task, limits: AttemptLimits) -> str | None:
        """What is wrong with a task that was never tried; empty if nothing was found, None if nothing is ever run."""
        ...


class Assessor:
    """All judgements of one run, in one sandbox."""

    def __init__(self, sandbox: Sandbox, weights: Weights) -> None:
        """Nothing is run yet."""
        self._sandbox, self._weights = sandbox, weights
        self._times = ReferenceTimes(self._run)
        self._parts: dict[Task, bool] = {}
        """Part of a task that may be shown -> whether it can be passed by itself."""

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

    def tell(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Told:
        """What the Builder may read of a failed verdict.

        The code is run once more, against what may be shown alone: what it says there cannot tell of anything else.
        Code that could not be loaded had met no check yet.

        Raises:
            SandboxFault: it could not be run.
        """
        if task.show_checks or not task.graded or verdict.outcome == "ungraded":
            return all_of(verdict)
        if verdict.error and not verdict.calls:
            return all_of(verdict.model_copy(update={"failures": (), "passes": ()}))
        part = self._part(task, spec.limits)
        shown = None if part is None else self.grade(part, code, spec)
        told = None if shown is None or shown.outcome == "no_verdict" else shown
        return part_of(verdict, told, split(task))

    def _part(self, task: Task, limits: AttemptLimits) -> Task | None:
        """What of the task may be shown; None if nothing may be, or if it cannot be passed without the rest."""
        part = shown_task(task)
        if part is None or part.reference is None or not part.checks:
            return part
        if part not in self._parts:  # a check may count on what the one before it left
            self._parts[part] = self._run(part, part.reference, limits).outcome == "passed"
        return part if self._parts[part] else None

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
        if verdict.outcome == "no_verdict":
            return f"there is none on its own reference either: {verdict.why_none}"
        return "" if verdict.outcome == "passed" else "its own reference does not pass its checks"

    def trial(self, task: Task, limits: AttemptLimits) -> str:
        """What is wrong with a task that was never tried; empty if nothing was found.

        Raises:
            SandboxFault: it could not be tried.
        """
        return try_task(task, self._sandbox, limits).flaw
