"""Judges the programs of the flight simulator by what they were intended to be; nothing is run."""

from collections.abc import Callable

from executor.sandbox import Conversation, ExecutionResult, Job, Program, Tier
from executor.score_engine import Weights
from memory.attempts import JUDGE, AttemptLimits, AttemptSpec, CheckVerdict, RunFacts, SandboxFacts, Score, Verdict
from memory.tasks import Task
from memory.told import Told, all_of
from utils.errors import SandboxFault

SANDBOX = SandboxFacts(kind="simulated", safe=True, reason="nothing is run")
FACTS = RunFacts(status="exit", exit_code=0, wall_s=0, cpu_s=0, peak_mb=0)


class SimulatedAssessor:
    """Fulfils what the loop asks of an assessor, for simulated models alone."""

    def __init__(self, intended: Callable[[str], bool], weights: Weights) -> None:
        """`intended` tells of a program whether it was intended to pass."""
        self._intended, self._weights = intended, weights

    def grade(self, task: Task, code: str, spec: AttemptSpec) -> Verdict:
        """The verdict that was intended; one assertion for each check."""
        del spec
        if not task.graded:
            return Verdict(outcome="ungraded", candidate=FACTS, sandbox=SANDBOX)
        passed = self._intended(code)
        checks = tuple(
            CheckVerdict(name=name, passed=passed, assertions_passed=int(passed), assertions_total=1)
            for name in task.check_names
        )
        held = len(checks) if passed else 0
        return Verdict(
            outcome="passed" if passed else "failed",
            checks=checks,
            assertions_passed=held,
            assertions_total=len(checks),
            calls=len(checks),
            candidate=FACTS,
            sandbox=SANDBOX,
            judge=JUDGE,
        )

    def tell(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Told:
        """The verdict itself, which holds nothing of any check."""
        del task, code, spec
        return all_of(verdict)

    def score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        """Accuracy and difficulty; there is no time and no style to measure."""
        del code, spec
        return Score(
            accuracy=round(verdict.accuracy, 6),
            speed=None,
            elegance=None,
            difficulty=task.difficulty,
            points=round(100 * verdict.accuracy * self._weights.worth(task.difficulty), 4),
        )

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """None: every simulated task can be passed."""
        del task, limits
        return ""

    def trial(self, task: Task, limits: AttemptLimits) -> str | None:
        """None: nothing is run that could be tried."""
        del task, limits
        return None


class SimulatedSandbox:
    """Fulfils Sandbox where nothing is to be run; it has no process and no folder."""

    @property
    def tier(self) -> Tier:
        """Says that it is simulated."""
        return Tier(kind=SANDBOX.kind, safe=SANDBOX.safe, reason=SANDBOX.reason)

    def run(self, job: Job) -> ExecutionResult:
        """Never.

        Raises:
            SandboxFault: always.
        """
        raise SandboxFault(f"a simulated sandbox cannot run {job.argv[0]}")

    def converse(self, program: Program) -> Conversation:
        """Never.

        Raises:
            SandboxFault: always.
        """
        raise SandboxFault(f"a simulated sandbox cannot run a program of {len(program.source)} characters")

    def close(self) -> None:
        """Nothing is open."""
