"""Computes the Blueprint Execution Log of a finished attempt from what happened and from what was before."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from memory.attempts import FITS_ONLY_SHOWN, NO_VERDICT, AttemptResult, AttemptSpec, Turn, Verdict
from memory.belogs import BELog, EncounteredError, ExecutionContext, ExecutionTime, FileChange
from memory.efficiency import efficiency, family_of
from memory.records import Cost, TaskRecord
from memory.state import MemoryState
from memory.tasks import Task
from memory.told import WRONG, known_class, last_line, message_of
from utils.text import one_line

NEIGHBOURS = 5
ERRORS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What the caller has read off the code, for this floor knows no programming language."""

    modules: tuple[str, ...]
    suggestions: tuple[str, ...]


def make_belog(  # noqa: PLR0913  all that a log is computed from
    spec: AttemptSpec, task: Task, result: AttemptResult, state: MemoryState, *, files: Mapping[str, str],
    finding: Finding, at: str,
) -> BELog:  # fmt: skip
    """The log of an attempt, before its result is part of `state`; formulas in memory.belogs.BELog."""
    record = state.tasks[task.id]
    return BELog(
        timestamp=at,
        blueprint_id=spec.blueprint_id,
        blueprint_version=spec.blueprint_version,
        execution_context=_context(spec, result),
        task_id=task.id,
        task_name=task.name,
        expected_outcome=_expected(task),
        execution_time=_times(result),
        files_changed=tuple(_changes(files)),
        dependencies_affected=finding.modules,
        pipeline_connections=_neighbours(task, state),
        errors_encountered=tuple(_errors(result.turns))[:ERRORS_KEPT],
        success=result.outcome == "passed" if result.judged else None,
        efficiency_score=_efficiency(record, task, result, state),
        improvement_suggestions=_suggestions(result, finding),
        potential_breakage_risk=_risk(task, state),
        cross_check_required=_unchecked_way(spec, state) or _cross_check(record, task, result, state),
        execution_trace_id=spec.unit_id,
        previous_attempts=tuple(record.previous),
    )


def _context(spec: AttemptSpec, result: AttemptResult) -> ExecutionContext:
    verdict = result.last_verdict
    return ExecutionContext(
        model=spec.model,
        sandbox=spec.sandbox if verdict is None else verdict.sandbox.kind,
        sandbox_safe=verdict is None or verdict.sandbox.safe,
        temperature=spec.sampling.temperature,
        max_repairs=spec.max_repairs,
        shown_rules=tuple(rule.id for rule in spec.shown_rules),
        shown_belogs=tuple(belog.id for belog in spec.shown_belogs),
    )


def _expected(task: Task) -> str:
    if task.mode == "none":
        return "code for the goal; the task has no checks to hold it against"
    if task.mode == "cooperative":
        return "code for the goal that passes the task's tests, which share its process and prove nothing"
    count = len(task.check_names)
    passed = f"{count} check{'' if count == 1 else 's'} passed"
    return f"{', '.join(task.callable_names)} defined and {passed}" if task.callable_names else passed


def _times(result: AttemptResult) -> ExecutionTime:
    verdicts = [turn.verdict for turn in result.turns if turn.verdict is not None]
    return ExecutionTime(
        model_s=round(sum(turn.model_wall_s for turn in result.turns), 6),
        sandbox_s=round(sum(verdict.candidate.wall_s for verdict in verdicts), 6),
        total_s=result.wall_s,
    )


def _changes(files: Mapping[str, str]) -> Iterable[FileChange]:
    before: list[str] = []
    for name, text in files.items():
        lines = text.splitlines()
        added = removed = 0
        for line in list(difflib.unified_diff(before, lines, lineterm="", n=0))[2:]:  # the first two name files
            added += line.startswith("+")
            removed += line.startswith("-")
        yield FileChange(path=name, lines_added=added, lines_removed=removed)
        before = lines


def _neighbours(task: Task, state: MemoryState) -> tuple[str, ...]:
    others = [state.tasks[each] for each in state.by_skill.get(task.skills[0], ()) if each != task.id]
    nearest = sorted(others, key=lambda other: (round(abs(other.task.difficulty - task.difficulty), 9), other.task.id))
    return tuple(other.task.id for other in nearest[:NEIGHBOURS])


def _errors(turns: Iterable[Turn]) -> Iterable[EncounteredError]:
    for turn in turns:
        if turn.problem:
            yield EncounteredError(turn=turn.index, error_class="no code", message=turn.problem, told=turn.problem)
        elif turn.verdict is not None and turn.verdict.outcome == "failed":
            yield EncounteredError(
                turn=turn.index,
                error_class=error_class(turn.verdict),
                message=message_of(turn.verdict),
                told=turn.told,
            )
        elif turn.verdict is not None and turn.verdict.outcome == "no_verdict":
            yield EncounteredError(turn=turn.index, error_class=NO_VERDICT, message=one_line(turn.verdict.why_none))
        elif turn.verdict is not None and turn.verdict.outcome == "ungraded" and turn.verdict.candidate.exit_code != 0:
            stderr = turn.verdict.candidate.stderr
            yield EncounteredError(
                turn=turn.index, error_class=error_class(turn.verdict), message=one_line(last_line(stderr))
            )


def error_class(verdict: Verdict) -> str:
    """In a word or two why a verdict is not a pass: an exception's name, a limit, or `wrong answer`.

    No word of it is the solution's own: prompts repeat it.
    """
    if verdict.candidate.status not in ("exit", "cancelled"):
        return verdict.candidate.status.replace("_", " ")
    if verdict.outcome == "ungraded":
        return _class_of(verdict.candidate.stderr) or "process ended"
    if verdict.fits_only_shown or verdict.overturned:
        return FITS_ONLY_SHOWN if verdict.fits_only_shown else verdict.overturned
    failure = verdict.failures[0].error if verdict.failures else ""
    return _class_of(verdict.error) or _class_of(failure) or WRONG


def _class_of(text: str) -> str:
    """The exception that the last line of a text names, if it is a known one; empty for an empty text."""
    last = last_line(text)
    name = last.partition(":")[0].rpartition(".")[2]
    if name.isidentifier():
        return known_class(name)
    if not last:
        return ""
    return "missing name" if "does not define" in last else "process ended"


def _cost(result: AttemptResult) -> Cost:
    return Cost(result.tokens, len(result.turns), result.wall_s)


def _efficiency(record: TaskRecord, task: Task, result: AttemptResult, state: MemoryState) -> float:
    family = state.families.get(family_of(task.skills[0], task.difficulty), ())
    return efficiency(_cost(result), of_task=tuple(record.costs), of_family=tuple(family))


def _suggestions(result: AttemptResult, finding: Finding) -> tuple[str, ...]:
    lost = sum(bool(turn.problem) for turn in result.turns)
    cut = sum(turn.finish == "length" for turn in result.turns)
    own = [f"{lost} of {len(result.turns)} replies held no code: ask for nothing but code"] if lost else []
    own += [f"{cut} replies were cut off: allow more tokens for one"] if cut else []
    lesson = [result.reflection.lesson] if result.reflection and result.reflection.lesson else []
    return (*lesson, *finding.suggestions, *own)


def _risk(task: Task, state: MemoryState) -> float:
    records = [state.skills[skill] for skill in task.skills if skill in state.skills]
    failures = sum(record.failures_after_pass for record in records)
    retries = sum(record.retries_after_pass for record in records)
    return round((failures + 1) / (retries + 2), 6)


def _unchecked_way(spec: AttemptSpec, state: MemoryState) -> bool:
    """Whether the attempt was made in a changed way of which it is not known yet whether it breaks what passed."""
    made_with = spec.blueprint_id, spec.blueprint_version
    waiting = (trial.challenger for trial in state.blueprints.checking)
    return any((each.id, each.version) == made_with for each in waiting)


def _cross_check(record: TaskRecord, task: Task, result: AttemptResult, state: MemoryState) -> bool:
    if result.outcome == "failed":
        return record.passes > 0
    others = (state.tasks[each] for each in state.by_skill.get(task.skills[0], ()) if each != task.id)
    return result.outcome == "passed" and any(other.passes and other.last_outcome == "failed" for other in others)
