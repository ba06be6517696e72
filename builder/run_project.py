"""One attempt: a pure function of its spec, its task, and what the model and the sandbox answer.

It touches no memory: what should be kept is returned. Faults (the model or the sandbox is away) are raised.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from builder.extract import extract_code
from builder.prompting import Prompts
from builder.reflect import LookBack, reflect
from memory.attempts import OUTCOME_WORDS, AttemptResult, AttemptSpec, Outcome, Reflection, Score, Turn, Verdict
from memory.blueprints import Way
from memory.tasks import Task
from memory.told import Told
from utils.completions import Completion, Message, Model, Reply
from utils.errors import ContextOverflow
from utils.files import sha256_hex
from utils.ids import derived
from utils.text import one_line, visible, well_formed

Grader = Callable[[Task, str, AttemptSpec], Verdict]
Teller = Callable[[Task, str, Verdict, AttemptSpec], Told]
Scorer = Callable[[Task, str, Verdict, AttemptSpec], Score | None]


@dataclass(frozen=True, slots=True)
class Tools:
    """What an attempt works with."""

    model: Model
    prompts: Prompts
    grade: Grader
    score: Scorer
    tell: Teller


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt leaves: its result, the files of code to keep, name -> text, and beside them the transcripts."""

    result: AttemptResult
    files: dict[str, str]
    transcripts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """An attempt under way."""

    spec: AttemptSpec
    task: Task
    tools: Tools
    turns: list[Turn] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    transcripts: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    told: Told | None = None
    """What may be said of the last code that failed."""

    @property
    def code(self) -> str:
        """The last code there was, empty if there was none."""
        return next(reversed(self.files.values()), "")


def run_attempt(spec: AttemptSpec, task: Task, tools: Tools) -> Attempt:
    """Solve, repair, reflect, score.

    Raises:
        Fault: the model or the sandbox was away, or somebody asked to stop; nothing is concluded.
    """
    started = time.monotonic()
    work = _Work(spec, task, tools)
    _solve(work)
    verdict = next((turn.verdict for turn in reversed(work.turns) if turn.verdict is not None), None)
    outcome = _outcome(work)
    reflection = _reflection(work, outcome)
    score = (
        None
        if verdict is None or outcome in ("ungraded", "no_verdict")
        else tools.score(task, work.code, verdict, spec)
    )
    result = AttemptResult(
        unit_id=spec.unit_id,
        outcome=outcome,
        passed_first=outcome == "passed" and len(work.turns) == 1,
        turns=tuple(work.turns),
        ended=work.ended,
        reflection=reflection,
        score=score,
        wall_s=round(time.monotonic() - started, 6),
    )
    return Attempt(result, work.files, work.transcripts)


def _solve(work: _Work) -> None:
    """Ask until a reply passes, or there is no further turn."""
    messages = _opening(work)
    for index in range(work.spec.max_repairs + 1):
        try:
            reply = work.tools.model.complete(_completion(work, messages, index))
        except ContextOverflow as error:
            work.ended = f"the prompt does not fit into the model's context: {error}"[:500]
            return
        turn = _take(work, reply, index)
        work.turns.append(turn)
        work.ended = _why_over(turn)
        if work.ended:
            return
        # only the latest try is shown again: local models have short contexts
        messages = (
            *_opening(work),
            Message("assistant", well_formed(visible(reply.text)).strip() or "(empty)"),
            _answer(work, turn),
        )
    work.ended = "repairs used up" if work.spec.max_repairs else "one reply"


def _opening(work: _Work) -> tuple[Message, ...]:
    prompts, spec = work.tools.prompts, work.spec
    way = Way(guidance=spec.guidance, plan_first=spec.plan_first)
    task = prompts.solve(work.task, rules=spec.shown_rules, recalled=spec.shown_belogs, way=way)
    return Message("system", prompts.system()), Message("user", task)


def _completion(work: _Work, messages: tuple[Message, ...], index: int) -> Completion:
    sampling = work.spec.sampling
    return Completion(
        messages=messages,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        seed=derived(work.spec.seed, "turn", index) % 2**31,  # servers read it as a signed 32-bit number
        unit=work.spec.unit_id,
    )


def _take(work: _Work, reply: Reply, index: int) -> Turn:
    """The turn that a reply makes: its code, if any, and the verdict on it."""
    turn = Turn(
        index=index,
        reply_sha256=sha256_hex(reply.text.encode("utf-8", "replace")),
        finish=reply.finish,
        prompt_tokens=reply.usage.prompt_tokens,
        completion_tokens=reply.usage.completion_tokens,
        tokens_estimated=reply.usage.estimated,
        model_wall_s=round(reply.wall_s, 6),
        model=one_line(reply.model),
    )
    extraction = extract_code(reply.text, work.task.callable_names, work.task.starter)
    if extraction.problem:
        return turn.model_copy(update={"problem": extraction.problem})
    code, name = extraction.code, f"turn-{index}.py"
    work.files[name] = code
    verdict = work.tools.grade(work.task, code, work.spec)
    if verdict.transcript:  # too large for a log that is read as a whole
        work.transcripts[f"turn-{index}.calls.jsonl"] = "".join(
            f"{crossing.model_dump_json(exclude_none=True)}\n" for crossing in verdict.transcript
        )
        verdict = verdict.model_copy(update={"transcript": ()})
    turn = turn.model_copy(update={"code_file": name, "code_sha256": sha256_hex(code.encode()), "verdict": verdict})
    return _with_told(work, turn, verdict, code) if verdict.outcome == "failed" else turn


def _with_told(work: _Work, turn: Turn, verdict: Verdict, code: str) -> Turn:
    """The failed turn with what may be said of it."""
    told = work.told = work.tools.tell(work.task, code, verdict, work.spec)
    marked = verdict.model_copy(update={"fits_only_shown": told.fits_only_shown})
    return turn.model_copy(update={"told": told.line, "verdict": marked})


def _why_over(turn: Turn) -> str:
    """Why there is no further turn, empty if there may be one."""
    if turn.verdict is None:
        return ""
    return "" if turn.verdict.outcome == "failed" else OUTCOME_WORDS.get(turn.verdict.outcome, turn.verdict.outcome)


def _answer(work: _Work, turn: Turn) -> Message:
    prompts, turns = work.tools.prompts, work.spec.max_repairs + 1
    if turn.verdict is None or work.told is None:
        return Message("user", prompts.no_code(turn.problem, turn=turn.index + 1, turns=turns))
    return Message("user", prompts.repair(work.told, turn=turn.index + 1, turns=turns))


def _outcome(work: _Work) -> Outcome:
    if not work.task.graded:
        return "ungraded"
    last = work.turns[-1].verdict if work.turns else None
    return last.outcome if last is not None and last.outcome in ("passed", "no_verdict") else "failed"


def _reflection(work: _Work, outcome: Outcome) -> Reflection:
    """Asked for where there is something to learn from and a second reply is allowed."""
    if outcome == "ungraded":
        return Reflection(usable=False, problem="not asked for: the task is ungraded")
    if outcome == "no_verdict":
        return Reflection(usable=False, problem="not asked for: there is no verdict")
    if not work.spec.max_repairs:
        return Reflection(usable=False, problem="not asked for: one reply a unit")
    if not work.turns:
        return Reflection(usable=False, problem="not asked for: the prompt did not fit")
    spec = work.spec
    return reflect(
        work.tools.model,
        work.tools.prompts,
        LookBack(unit=spec.unit_id, task=work.task, turns=tuple(work.turns), code=work.code, told=work.told),
        sampling=spec.sampling,
        seed=derived(spec.seed, "reflection") % 2**31,
    )
