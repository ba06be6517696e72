"""The host's side of grading: it relays calls from the judge to the candidate, and owns the verdict."""

import ast
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from executor.grading.answers import SHOWN_CHARS, answer, frame_of, frame_of_answer, gone, refusal
from executor.grading.programs import CANDIDATE, JUDGE
from executor.sandbox import (
    MAX_FRAME,
    Conversation,
    ConversationCancelled,
    ConversationEnded,
    ExecutionResult,
    Job,
    Limits,
    Program,
    Sandbox,
    Status,
    Tier,
)
from memory.attempts import Assertion, AttemptLimits, CheckVerdict, RunFacts, SandboxFacts, Verdict
from memory.tasks import Task
from utils.errors import Interrupted, SandboxFault
from utils.text import clip, well_formed

JUDGE_GRACE_S = 5.0
MAX_FAILURES = 20
MAX_CALLS = 100_000


@dataclass(slots=True)
class _Tally:
    """What the judge has reported so far."""

    checks: dict[int, CheckVerdict] = field(default_factory=dict)
    failures: list[Assertion] = field(default_factory=list)
    calls: int = 0
    done: bool = False


def grade(task: Task, source: str, sandbox: Sandbox, *, limits: AttemptLimits) -> Verdict:
    """The verdict on `source` as a solution of `task`.

    Raises:
        SandboxFault: a sandbox could not start or was lost; nothing is said about the code.
        Interrupted: the sandbox was closed meanwhile.
    """
    if not task.graded or task.entry_point is None:
        return _try_out(source, sandbox, limits=limits)
    bounds = effective_limits(task, limits)
    with ThreadPoolExecutor(max_workers=1) as starter:
        judging = starter.submit(sandbox.converse, Program(source=JUDGE, limits=_judge_limits(bounds)))
        try:
            candidate = sandbox.converse(Program(source=CANDIDATE, limits=bounds))
        except SandboxFault:
            judging.result().close()
            raise
        try:
            judge = judging.result()
        except SandboxFault:
            candidate.close()
            raise
    return _Grading(task, source, judge, candidate).verdict()


def effective_limits(task: Task, limits: AttemptLimits) -> Limits:
    """The task's own limits where it has some, else the attempt's."""
    own = task.constraints
    return Limits(
        wall_s=own.wall_s or limits.wall_s,
        cpu_s=own.cpu_s or limits.cpu_s,
        memory_mb=own.memory_mb or limits.memory_mb,
    )


def _judge_limits(bounds: Limits) -> Limits:
    """The judge waits for the candidate, so its time must outlast the candidate's."""
    return Limits(wall_s=bounds.wall_s + JUDGE_GRACE_S, cpu_s=bounds.wall_s + JUDGE_GRACE_S, memory_mb=1024)


def _try_out(source: str, sandbox: Sandbox, *, limits: AttemptLimits) -> Verdict:
    """A task without checks: the program is run once, and nothing is concluded."""
    bounds = Limits(wall_s=limits.wall_s, cpu_s=limits.cpu_s, memory_mb=limits.memory_mb)
    files = {"solution.py": source.encode("utf-8", "replace")}
    result = sandbox.run(Job(argv=("python", "solution.py"), files=files, limits=bounds))
    if result.status is Status.CANCELLED:
        raise Interrupted("the sandbox was closed while a program ran")
    return Verdict(outcome="ungraded", candidate=run_facts(result), sandbox=sandbox_facts(result.tier))


class _Grading:
    """One judge, one candidate, one verdict."""

    def __init__(self, task: Task, source: str, judge: Conversation, candidate: Conversation) -> None:
        self._task, self._source = task, source
        self._judge, self._candidate = judge, candidate
        self._tally = _Tally()
        self._gone = False
        self._nonce = secrets.token_hex(16)

    def verdict(self) -> Verdict:
        """Load the solution, run the checks, close both processes, and say what came of it."""
        try:
            error = self._load()
            if not error:
                self._relay()
        except ConversationCancelled:
            raise Interrupted("the sandbox was closed during a grading") from None
        finally:
            candidate, judge = _close_both(self._candidate, self._judge)
        if not error and not self._tally.done:
            error = _blame(judge, self._tally)
        return self._conclude(self._early_end(candidate) or error, candidate)

    def _load(self) -> str:
        request = {"op": "load", "source": self._source, "interface": self._task.callable_names}
        reply = self._ask(request, to="load")
        if "error" in reply:
            failure = reply["error"]
            return str(failure.get("traceback") or failure.get("message") or "it could not be loaded")
        missing = reply.get("missing")
        if missing is None:
            return "the solution's process answered nonsense when it was loaded"
        return f"the solution does not define {', '.join(map(str, missing))}" if missing else ""

    def _ask(self, request: dict[str, Any], to: Literal["load", "call"] = "call") -> dict[str, Any]:
        """The candidate's answer; whatever is wrong with it becomes an error answer."""
        frame = frame_of(request)
        if frame is None:
            return refusal(f"more than {MAX_FRAME} bytes cannot be handed to the solution")
        if self._gone:
            return gone("the solution's process has ended")
        try:
            self._candidate.send(frame)
            return answer(self._candidate.receive(), to=to, mutates=self._task.mutates_arguments)
        except ConversationCancelled:
            raise
        except ConversationEnded:
            self._gone = True
            return gone("the solution's process ended")

    def _relay(self) -> None:
        """Carry calls and answers until the judge is done or gone."""
        start = {
            "nonce": self._nonce,
            "setup": self._task.setup,
            "interface": self._task.callable_names,
            "checks": [check.model_dump(include={"code"}) for check in self._task.checks],
        }
        try:
            self._judge.send(json.dumps(start).encode())
            while not self._tally.done:
                self._take(json.loads(self._judge.receive()))
        except ConversationCancelled:
            raise
        except ConversationEnded:
            return

    def _take(self, message: dict[str, Any]) -> None:
        match message["op"]:
            case "call":
                self._tally.calls += 1
                request = {**message, "mutates": self._task.mutates_arguments}
                reply = self._ask(request) if self._tally.calls <= MAX_CALLS else gone("too many calls")
                self._judge.send(frame_of_answer(reply))
            case "check":
                self._note(message)
            case "done":
                self._tally.done = message["nonce"] == self._nonce

    def _note(self, message: dict[str, Any]) -> None:
        check = self._task.checks[message["index"]]
        failed, error = message["failures"], message["error"]
        passed = not error and message["passed"] == message["total"]
        # a check that died outside of an assert lost one thing that it wanted, whatever it counted until then
        total = message["total"] + (1 if error and not failed else 0)
        if error:  # nor shall dying early make the share that held larger
            total = max(total, count_asserts(check.code))
        self._tally.checks[message["index"]] = CheckVerdict(
            name=check.name, passed=passed, assertions_passed=message["passed"], assertions_total=total, error=error
        )
        if error and not failed:
            failed = [{"line": 0, "source": "", "expected": "", "error": error, **message["last"]}]
        room = MAX_FAILURES - len(self._tally.failures)
        self._tally.failures += [Assertion(check=check.name, passed=False, **each) for each in failed[:room]]

    def _early_end(self, candidate: ExecutionResult) -> str:
        """Why the candidate's process was gone before the checks were over, in words."""
        when = "during the checks" if self._tally.calls else "while it was loaded"
        if self._gone:
            return f"the solution's process ended {when}: {describe_end(candidate)}"
        return f"the checks made more than {MAX_CALLS} calls" if self._tally.calls > MAX_CALLS else ""

    def _conclude(self, error: str, candidate: ExecutionResult) -> Verdict:
        checks = [self._tally.checks.get(index) or _not_run(check.name, check.code) for index, check in
                  enumerate(self._task.checks)]  # fmt: skip
        held = self._tally.done and self._tally.calls > 0 and all(check.passed for check in checks)
        return Verdict(
            outcome="passed" if held and not error else "failed",
            checks=tuple(checks),
            failures=tuple(self._tally.failures),
            assertions_passed=sum(check.assertions_passed for check in checks),
            assertions_total=sum(check.assertions_total for check in checks),
            calls=self._tally.calls,
            candidate=run_facts(candidate),
            error=clip(well_formed(error), SHOWN_CHARS),
            sandbox=sandbox_facts(candidate.tier),
        )


def _close_both(candidate: Conversation, judge: Conversation) -> tuple[ExecutionResult, ExecutionResult]:
    with ThreadPoolExecutor(max_workers=1) as closer:
        closing = closer.submit(judge.close)
        ended = candidate.close()
        return ended, closing.result()


def _blame(judge: ExecutionResult, tally: _Tally) -> str:
    """Tell a judge that did not survive what the candidate answered from one that broke by itself.

    Raises:
        SandboxFault: the judge ended before it had asked the candidate anything.
    """
    if tally.calls == 0 and not tally.checks:
        raise SandboxFault(f"the judge ended before its first call ({describe_end(judge)}): {judge.stderr.text[-500:]}")
    return f"the checks did not come to their end: {describe_end(judge)}"


def _not_run(name: str, code: str) -> CheckVerdict:
    return CheckVerdict(name=name, passed=False, assertions_total=count_asserts(code), error="not run")


def count_asserts(code: str) -> int:
    """How many asserts stand in the code; at least 1."""
    return max(1, sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(code))))


def describe_end(result: ExecutionResult) -> str:
    """How a process ended, in words."""
    match result.status:
        case Status.EXIT:
            return f"exit code {result.exit_code}"
        case Status.SIGNAL:
            return f"signal {result.signal}"
        case Status.TIMEOUT:
            return "it took too long (wall clock)"
        case Status.CPU_LIMIT:
            return "it took too long (CPU time)"
        case _:
            return str(result.status).replace("_", " ")


def run_facts(result: ExecutionResult) -> RunFacts:
    """The part of a result that memory keeps."""
    return RunFacts(
        status=result.status.value,
        exit_code=result.exit_code,
        signal=result.signal,
        wall_s=round(result.wall_s, 6),
        cpu_s=round(result.cpu_s, 6),
        peak_mb=round(result.peak_mb, 3),
        stdout=clip(result.stdout.text, SHOWN_CHARS),
        stderr=clip(result.stderr.text, SHOWN_CHARS),
    )


def sandbox_facts(tier: Tier) -> SandboxFacts:
    """The part of a tier that memory keeps."""
    return SandboxFacts(
        kind=tier.kind, safe=tier.safe, reason=tier.reason, gaps=tier.gaps, image=tier.image, profile=tier.profile
    )
