"""The verdict on a solution: the door to all modes, and the modes in which it answers calls."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from executor.grading.asking import Asking
from executor.grading.cooperative import grade_by_tests
from executor.grading.facts import SHOWN_CHARS, describe_end, effective_limits, run_facts, sandbox_facts
from executor.grading.fresh import CHECK as FRESH
from executor.grading.fresh import Fresh, fresh_calls
from executor.grading.hash_order import OTHER_SEED, SEEDED, order_matters
from executor.grading.judging import Judging, count_asserts
from executor.grading.plain import Plain, judge_limits, order_of, run_plainly
from executor.grading.programs import CANDIDATE, JUDGE
from executor.grading.stdio import grade_program
from executor.grading.tally import Tally
from executor.grading.two_judges import ODD, crosses, reach, settle
from executor.grading.wanted import Wanted, tried, wanted_of
from executor.sandbox import Conversation, ExecutionResult, Job, Limits, Program, Sandbox, Status
from memory.attempts import JUDGE as JUDGE_VERSION
from memory.attempts import AttemptLimits, CheckVerdict, Verdict
from memory.tasks import Task
from utils.errors import Interrupted, SandboxFault
from utils.text import clip, well_formed


def grade(task: Task, source: str, sandbox: Sandbox, *, limits: AttemptLimits, seed: int = 0) -> Verdict:
    """The verdict on `source` as a solution of `task`; `seed` decides the fresh inputs where the task has a generator.

    Raises:
        SandboxFault: a sandbox could not start or was lost; nothing is said about the code.
        Interrupted: the sandbox was closed meanwhile.
    """
    bounds = effective_limits(task, limits)
    match task.mode:
        case "none":
            return _try_out(source, sandbox, limits=limits)
        case "stdio":
            return grade_program(task, source, sandbox, limits=bounds, seed=seed)
        case "cooperative":
            return grade_by_tests(task, source, sandbox, limits=bounds)
        case "calls":
            return _grade_by_calls(task, source, sandbox, limits=bounds, seed=seed)


def _grade_by_calls(task: Task, source: str, sandbox: Sandbox, *, limits: Limits, seed: int) -> Verdict:
    fresh = fresh_calls(task, sandbox, limits=limits, seed=seed)
    verdict = _judged(task, source, sandbox, limits, fresh)
    if verdict.outcome == "no_verdict" and crosses(
        task, source, lambda code: _judged(task, code, sandbox, limits, fresh)
    ):
        verdict = verdict.model_copy(
            update={"outcome": "failed", "why_none": "", "error": f"{ODD}: {verdict.why_none}"}
        )
    return verdict.model_copy(update={"inputs_seed": seed if fresh.wanted else None, "suspect": fresh.flaw})


def _judged(task: Task, source: str, sandbox: Sandbox, limits: Limits, fresh: Fresh) -> Verdict:
    """What both judges say, and where the order of sets could matter, whether they say it under another hash seed."""
    first = _once(task, source, sandbox, limits, fresh)
    if first.outcome != "passed" or not order_matters(task, source):
        return first
    if task.checks:
        said = run_plainly(task, source, sandbox, limits=limits, hash_seed=OTHER_SEED).said
    else:
        other = _once(task, source, sandbox, limits, fresh, hash_seed=OTHER_SEED)
        said = "passed" if other.outcome == "passed" else next((each.check for each in other.failures), other.error)
    if said == "passed":
        return first
    error = clip(f"{SEEDED}: {said}", SHOWN_CHARS)
    return first.model_copy(update={"outcome": "failed", "error": error, "plain": said, "overturned": "set order"})


def _once(
    task: Task, source: str, sandbox: Sandbox, limits: Limits, fresh: Fresh, *, hash_seed: int = 0
) -> Verdict:  # fmt: skip
    program = Program(source=CANDIDATE, limits=limits, hash_seed=hash_seed)
    candidate, judge = _both(sandbox, program) if task.checks else (sandbox.converse(program), None)
    return _Grading(task, source, candidate, judge, fresh=fresh, limits=limits).verdict()


def _both(sandbox: Sandbox, program: Program) -> tuple[Conversation, Conversation]:
    """A candidate and a judge; neither is left behind if the other cannot start."""
    with ThreadPoolExecutor(max_workers=1) as starter:
        judging = starter.submit(sandbox.converse, Program(source=JUDGE, limits=judge_limits(program.limits)))
        try:
            candidate = sandbox.converse(program)
        except SandboxFault:
            judging.result().close()
            raise
        try:
            return candidate, judging.result()
        except SandboxFault:
            candidate.close()
            raise


def _try_out(source: str, sandbox: Sandbox, *, limits: AttemptLimits) -> Verdict:
    """A task without checks: the program is run once, and nothing is concluded."""
    bounds = Limits(wall_s=limits.wall_s, cpu_s=limits.cpu_s, memory_mb=limits.memory_mb)
    files = {"solution.py": source.encode("utf-8", "replace")}
    result = sandbox.run(Job(argv=("python", "solution.py"), files=files, limits=bounds))
    if result.status is Status.CANCELLED:
        raise Interrupted("the sandbox was closed while a program ran")
    return Verdict(outcome="ungraded", candidate=run_facts(result), sandbox=sandbox_facts(result.tier))


class _Grading:
    """One candidate, a judge if there are checks, one verdict."""

    def __init__(
        self, task: Task, source: str, candidate: Conversation, judge: Conversation | None, *, fresh: Fresh,
        limits: Limits,
    ) -> None:  # fmt: skip
        self._task, self._source, self._fresh = task, source, fresh
        self._candidate, self._judge = candidate, judge
        self._line = Asking(candidate, mutates=task.mutates_arguments)
        self._tally = Tally()
        plainly = order_of(task, source, limits)
        self._judging = None if judge is None else Judging(task, judge, self._line, self._tally, plainly=plainly)
        self._plain: Plain | None = None
        self._cases = [wanted_of(case) for case in task.cases]

    def verdict(self) -> Verdict:
        """Load the solution, run checks, cases and fresh inputs, close what runs, and say what came of it."""
        try:
            error = self._line.load(self._source, self._task.callable_names)
            if not error:
                self._try()
        finally:
            candidate, judge = self._end()
        if not error and self._judging is not None and judge is not None:
            error = self._judging.blame(judge)
        return self._conclude(self._early_end(candidate) or error, candidate)

    def _try(self) -> None:
        if self._judging is not None:
            self._judging.relay()
            if not self._judging.done:
                return
        for case in self._cases:
            self._note(case.check, [case])
        if self._fresh.wanted:
            self._note(FRESH, self._fresh.wanted)

    def _note(self, name: str, cases: Sequence[Wanted]) -> None:
        """One check of cases; a candidate that is gone is not asked again, the cases count as failed."""
        found = [tried(case, self._line, tolerance=self._task.tolerance) for case in cases]
        self._tally.note_cases(name, found)

    def _end(self) -> tuple[ExecutionResult, ExecutionResult | None]:
        """Close what runs; the judge when the plain run, if there is one, has had its say."""
        if self._judge is None or self._judging is None:
            return self._candidate.close(), None
        with ThreadPoolExecutor(max_workers=1) as closer:
            closing = closer.submit(self._candidate.close)
            try:
                self._plain = self._judging.plain_word()
            finally:
                ended = self._judge.close()
            return closing.result(), ended

    def _early_end(self, candidate: ExecutionResult) -> str:
        """Why the candidate's process was gone before the checks were over, in words."""
        when = "during the checks" if self._line.calls else "while it was loaded"
        if self._line.gone:
            return f"the solution's process ended {when}: {describe_end(candidate)}"
        return self._line.too_many

    def _conclude(self, error: str, candidate: ExecutionResult) -> Verdict:
        tally = self._tally
        checks = (*tally.checks, *self._not_run()[len(tally.checks) :])
        settled = settle(
            separated=self._line.calls > 0 and all(check.passed for check in checks) and not error,
            plain=self._plain,
            excuse="" if error or self._judging is None else self._excuse(self._judging),
            needs_plain=self._judging is not None,
        )
        return Verdict(
            outcome=settled.outcome,
            checks=checks,
            failures=tuple(tally.failures),
            passes=tuple(tally.passes),
            assertions_passed=sum(check.assertions_passed for check in checks),
            assertions_total=sum(check.assertions_total for check in checks),
            calls=self._line.calls,
            candidate=run_facts(candidate),
            error=clip(well_formed(error or settled.error), SHOWN_CHARS),
            sandbox=sandbox_facts(candidate.tier),
            transcript=self._line.transcript.kept,
            judge=JUDGE_VERSION,
            plain=settled.plain,
            overturned=settled.overturned,
            why_none=settled.why_none,
        )

    def _excuse(self, judging: Judging) -> str:
        """Why that a check failed may say nothing of the solution."""
        return next((each for each in judging.excuses if each), "") or reach(self._task)

    def _not_run(self) -> list[CheckVerdict]:
        """What each check comes to if it is not reached; a grading takes them in this order."""
        sizes = [(check.name, count_asserts(check.code)) for check in self._task.checks]
        sizes += [(case.check, 1) for case in self._cases]
        sizes += [(FRESH, len(self._fresh.wanted))] if self._fresh.wanted else []
        return [CheckVerdict(name=name, passed=False, assertions_total=size, error="not run") for name, size in sizes]
