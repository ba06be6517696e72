"""What one attempt is: the spec that is frozen before it, and the facts that it leaves.

A unit is one decided attempt at a task with all of its repair turns. Everything here is what the event log stores,
so every text is bounded where it is made.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from memory.tasks import TaskId

FROZEN = ConfigDict(frozen=True, extra="forbid")

UnitId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=100)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Outcome = Literal["passed", "failed", "ungraded", "no_verdict"]
"""`no_verdict`: the two judges cannot agree, because a value cannot cross between processes. Nobody learns from it."""
OUTCOME_WORDS: Mapping[str, str] = {"no_verdict": "no verdict"}
"""For people; the others are called by their names."""
JUDGE = 2
"""1: a separated judge alone, its failures shown to the model. 2: a plain run beside it, and unseen checks decide."""


FITS_ONLY_SHOWN = "fits only what it was shown"
OLD_JUDGE = "old judge"
NO_VERDICT = "no verdict"
"""The class of an attempt's last error where there is no verdict on it."""


def is_judged(outcome: str) -> bool:
    """Whether an outcome is a pass or a failure: neither ungraded, nor without a verdict, nor given up."""
    return outcome in ("passed", "failed")


Overturned = Literal["", "shared state", "set order"]
"""What only a run as plain Python's shows to be wrong: arguments that change, or objects that are shared though they
should be new; or an answer that depends on the order of a set."""


class Sampling(BaseModel):
    """How the model is asked."""

    model_config = FROZEN

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.2
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_tokens: Annotated[int, Field(ge=1)] = 2048


class AttemptLimits(BaseModel):
    """What one grading run of a candidate may use."""

    model_config = FROZEN

    wall_s: Seconds = 15.0
    cpu_s: Seconds = 5.0
    memory_mb: Annotated[int, Field(ge=16)] = 512


class Shown(BaseModel):
    """Something learned that the prompt shows: the id under which it is known, and its words as they were then."""

    model_config = FROZEN

    id: str
    text: str


class AttemptSpec(BaseModel):
    """Everything that decides an attempt; frozen and logged before the Builder starts.

    `seed` goes to the model with each call; `number` counts the attempts at this task from 1; `shown_rules` (ids with
    their versions) and `shown_belogs` (units) are in the order in which the prompt shows them. `guidance` and
    `plan_first` are the blueprint's words, see memory.blueprints.Way; what else it decides is part of `sampling` and
    `max_repairs`.
    """

    model_config = FROZEN

    unit_id: UnitId
    task_id: TaskId
    task_digest: str
    number: Annotated[int, Field(ge=1)]
    blueprint_id: str
    blueprint_version: Annotated[int, Field(ge=1)]
    shown_rules: tuple[Shown, ...] = ()
    shown_belogs: tuple[Shown, ...] = ()
    model: str
    sampling: Sampling = Sampling()
    seed: Annotated[int, Field(ge=0)]
    limits: AttemptLimits = AttemptLimits()
    max_repairs: Annotated[int, Field(ge=0)] = 2
    sandbox: str
    guidance: tuple[str, ...] = ()
    plan_first: bool = False


class SandboxFacts(BaseModel):
    """Which sandbox gave a result, why that one, and what it does not cover."""

    model_config = FROZEN

    kind: str
    safe: bool
    reason: str
    gaps: tuple[str, ...] = ()
    image: str = ""
    profile: str = ""


class RunFacts(BaseModel):
    """How the candidate's process ended; see executor.sandbox.ExecutionResult for the words."""

    model_config = FROZEN

    status: str
    exit_code: int | None = None
    signal: int | None = None
    wall_s: Seconds
    cpu_s: Seconds
    peak_mb: Annotated[float, Field(ge=0)]
    stdout: str = ""
    stderr: str = ""


class Assertion(BaseModel):
    """One assertion that a check made.

    `arguments`, `expected` and `actual` are Python literals as text (clipped when long); `actual` is what the
    candidate's last call in this assertion gave back, empty if it made none or raised. `cpu_s` is what that call took
    by the clock of the candidate's own process, which the candidate can set as it likes; None where nobody measured.
    """

    model_config = FROZEN

    check: str
    line: int
    source: str
    passed: bool
    call: str = ""
    arguments: str = ""
    expected: str = ""
    actual: str = ""
    error: str = ""
    traceback: str = ""
    cpu_s: Seconds | None = None


class Crossing(BaseModel):
    """One call that went to the candidate, and what came back: a value, or an exception with its message.

    `cpu_s` is as untrusted as in Assertion.
    """

    model_config = FROZEN

    call: str
    answer: str
    cpu_s: Seconds | None = None


class CheckVerdict(BaseModel):
    """What became of one check."""

    model_config = FROZEN

    name: str
    passed: bool
    assertions_passed: Annotated[int, Field(ge=0)] = 0
    assertions_total: Annotated[int, Field(ge=0)] = 0
    error: str = ""


class Verdict(BaseModel):
    """The verdict on one piece of code, and what it rests on.

    Attributes:
        outcome: `ungraded` if the task has no checks.
        checks: one for each check of the task, in order.
        failures: the first failed assertions, at most 20.
        assertions_passed: of all checks together.
        assertions_total: of all checks together, at least as many as the checks' code holds.
        calls: calls of the candidate that the checks made.
        candidate: how the candidate's process ended.
        error: why nothing could be called (a syntax error, a missing entry point, a crash at import), else empty.
        sandbox: where it ran.
        passes: the first assertions that held, at most 20 and some 8000 characters, texts clipped to 200.
        transcript: the first calls that crossed, at most 200 and some 16,000 characters; a unit's turns keep theirs in
            files beside their code, not in the log.
        inputs_seed: what the fresh inputs were drawn with, to draw them again; None if there were none.
        cooperative: whether the tests shared the candidate's process, so that it could have passed them by itself:
            no evidence of anything.
        suspect: what is wrong with the task itself (its generator, its reference), else empty; then the verdict rests
            on the rest of it.
        judge: by which judge, see JUDGE; 1 in logs that are older than that.
        plain: what the plain run said, in a line: `passed`, or how it failed; empty where there was none.
        overturned: what failed though every check held in the separated judge; empty if nothing did.
        why_none: why there is no verdict; empty if there is one.
        fits_only_shown: whether it failed although all that it may be shown held.
    """

    model_config = FROZEN

    outcome: Outcome
    checks: tuple[CheckVerdict, ...] = ()
    failures: tuple[Assertion, ...] = ()
    assertions_passed: Annotated[int, Field(ge=0)] = 0
    assertions_total: Annotated[int, Field(ge=0)] = 0
    calls: Annotated[int, Field(ge=0)] = 0
    candidate: RunFacts
    error: str = ""
    sandbox: SandboxFacts
    passes: tuple[Assertion, ...] = ()
    transcript: tuple[Crossing, ...] = ()
    inputs_seed: Annotated[int, Field(ge=0)] | None = None
    cooperative: bool = False
    suspect: str = ""
    judge: Annotated[int, Field(ge=1)] = 1
    plain: str = ""
    overturned: Overturned = ""
    why_none: str = ""
    fits_only_shown: bool = False

    @property
    def accuracy(self) -> float:
        """Share of assertions that held, 0..1; 1 only if passed."""
        if self.outcome == "passed":
            return 1.0
        total = max(self.assertions_total, 1)
        return min(self.assertions_passed / total, 1 - 1 / (total + 1))


class Turn(BaseModel):
    """One reply of the model and what became of it.

    `problem` says why the reply was no use (no code in it), empty otherwise; then there is neither code nor verdict.
    """

    model_config = FROZEN

    index: Annotated[int, Field(ge=0)]
    reply_sha256: str
    finish: Literal["stop", "length"]
    prompt_tokens: Annotated[int, Field(ge=0)]
    completion_tokens: Annotated[int, Field(ge=0)]
    tokens_estimated: bool
    model_wall_s: Seconds
    model: Annotated[str, Field(max_length=200)] = ""
    """The name that the server gave itself with the answer; empty where it gave none, and in older logs."""
    problem: str = ""
    code_file: str = ""
    code_sha256: str = ""
    verdict: Verdict | None = None
    told: str | None = None
    """What a later prompt may say of its failure, in a line; None in older logs, and where it did not fail."""


class Reflection(BaseModel):
    """What the Builder says that it learned; validated, or "no lesson" with the reason."""

    model_config = FROZEN

    usable: bool
    error_class: str = ""
    lesson: str = ""
    rule: str = ""
    problem: str = ""
    prompt_tokens: Annotated[int, Field(ge=0)] = 0
    completion_tokens: Annotated[int, Field(ge=0)] = 0


class CodeFigures(BaseModel):
    """How a piece of Python measures; see executor.code_figures.

    Attributes:
        complexity: ways through it (McCabe), from 1.
        size: its statements and expressions, from 1.
        issues: poor habits found in it, None where they could not be looked for.
    """

    model_config = FROZEN

    complexity: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1)]
    issues: Annotated[int, Field(ge=0)] | None = None


class StyleIssue(BaseModel):
    """A poor habit in a solution: its rule in memory.code_style, how often, and the first line that shows it."""

    model_config = FROZEN

    rule: str
    count: Annotated[int, Field(ge=1)] = 1
    line: Annotated[int, Field(ge=1)]
    text: str = ""


class Score(BaseModel):
    """The score of one graded unit and its parts; formulas in executor.score_engine.

    `speed` and `elegance` are None where there is nothing to compare with, and then take no part in `points`.
    `figures` and `reference_figures` are what elegance compared, `issues` the habits that were found in the solution,
    by line, at most 20; None and empty in older logs, and where nothing could be measured.
    """

    model_config = FROZEN

    accuracy: Share
    speed: Share | None
    elegance: Share | None
    difficulty: Share
    points: Annotated[float, Field(ge=0, le=100)]
    figures: CodeFigures | None = None
    reference_figures: CodeFigures | None = None
    issues: tuple[StyleIssue, ...] = ()


class AttemptResult(BaseModel):
    """All that one unit left, before memory adds what only the past can tell."""

    model_config = FROZEN

    unit_id: UnitId
    outcome: Outcome
    passed_first: bool
    turns: tuple[Turn, ...]
    ended: str
    """Why there was no further turn, e.g. `passed`, `repairs used up`, `context full`."""
    reflection: Reflection | None
    score: Score | None
    wall_s: Seconds

    @property
    def judged(self) -> bool:
        """Whether it says anything of the Builder; see is_judged."""
        return is_judged(self.outcome)

    @property
    def fits_only_shown(self) -> bool:
        """Whether its last code held all that it was shown, and not the rest."""
        verdict = self.last_verdict
        return self.outcome == "failed" and verdict is not None and verdict.fits_only_shown

    @property
    def judge(self) -> int:
        """Which one gave its last verdict, see JUDGE; 0 if none did."""
        verdict = self.last_verdict
        return 0 if verdict is None else verdict.judge

    @property
    def why_none(self) -> str:
        """Why there is no verdict; empty if there is one."""
        verdict = self.last_verdict
        return verdict.why_none if self.outcome == "no_verdict" and verdict is not None else ""

    @property
    def last_verdict(self) -> Verdict | None:
        """The verdict on the last code there was, if any."""
        return next((turn.verdict for turn in reversed(self.turns) if turn.verdict is not None), None)

    @property
    def tokens(self) -> int:
        """Tokens of all replies and prompts, the reflection's included."""
        turns = sum(turn.prompt_tokens + turn.completion_tokens for turn in self.turns)
        reflection = self.reflection
        return turns + (reflection.prompt_tokens + reflection.completion_tokens if reflection else 0)
