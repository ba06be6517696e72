"""Grade a solution of a task by hand: python utils/cli.py grade TASK SOLUTION_FILE."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from executor.grading.grade import grade
from executor.grading.tally import MAX_FAILURES
from memory.attempts import FITS_ONLY_SHOWN, OUTCOME_WORDS, Assertion, AttemptLimits, CheckVerdict, RunFacts, Verdict
from memory.reading import find_task, pending_tasks
from memory.shown_checks import unseen_words
from memory.task_sources import built_in_curriculum, load_tasks
from memory.tasks import Task
from memory.views.tasks import task_file
from utils.commands.programs import (
    SandboxOption,
    fact_lines,
    indented,
    listed,
    opened,
    read_source,
    show_ascii,
    show_escaped,
)
from utils.commands.shared import AsJson, Memory
from utils.errors import InputError
from utils.ids import new_seed
from utils.settings import load_settings
from utils.text import one_line

DETAILS = ("call", "arguments", "expected", "actual", "error", "traceback")
"""Of a failed assertion, in the order of printing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A task and where it came from."""

    task: Task
    source: str


def grade_file(  # noqa: PLR0913, PLR0917  one parameter for each option
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task's id, or a file with tasks.")],
    solution: Annotated[Path, typer.Argument(metavar="SOLUTION_FILE", help="The code, as it is.")],
    which: Annotated[str | None, typer.Option("--task", metavar="ID", help="Which one of the file.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**63 - 1, help="Draws the same fresh inputs again; one by chance if left out."),
    ] = None,
    sandbox: SandboxOption = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> int:
    """Grade a solution as the loop would and show each check, with every assertion that did not hold.

    TASK is an id of the memory, if there is one, or of the built-in curriculum; else a file as import-tasks reads it.
    Exit code 0: passed; 1: failed, or no verdict can be given; 2: bad input, as a task without checks.
    """
    settings = load_settings(sandbox=sandbox, memory=memory)
    found = find(task, which, settings.memory)
    if found.task.mode == "none":
        raise InputError(f"task {found.task.id} of {found.source} has no checks: there is nothing to grade it by")
    source = read_source(solution, what="SOLUTION_FILE")
    limits = AttemptLimits(wall_s=settings.wall_s, cpu_s=settings.cpu_s, memory_mb=settings.memory_mb)
    with opened(settings) as place:
        verdict = grade(found.task, source, place, limits=limits, seed=new_seed() if seed is None else seed)
    if as_json:
        show_ascii({"task": found.task.id, "source": found.source, **verdict.model_dump(mode="json")})
    else:
        show_escaped(_portrait(found, verdict))
    return 0 if verdict.outcome == "passed" else 1


def find(name: str, which: str | None, folder: Path) -> Found:
    """The task that a person means; `which` is an id within the file `name`.

    Raises:
        InputError: there is none, or the file holds several and `which` names none of them.
    """
    if which is not None:
        return _of_file(Path(name), which)
    if _remembered(folder, name):
        return Found(find_task(folder, name).task, f"the memory at {folder}")
    if built_in := next((task for task in built_in_curriculum() if task.id == name), None):
        return Found(built_in, "the built-in curriculum")
    if _is_there(Path(name)):
        return _of_file(Path(name), None)
    raise InputError(
        f"TASK: {one_line(name, 100)!r} is neither a file nor the id of a task of the built-in curriculum "
        f"({listed(task.id for task in built_in_curriculum())}) or of the memory at {folder}"
    )


def _remembered(folder: Path, task_id: str) -> bool:
    """Whether a memory is there and knows the task, or will."""
    return (folder / task_file(task_id)).exists() or any(task.id == task_id for task in pending_tasks(folder))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # e.g. longer than a name may be
        return False


def _of_file(path: Path, which: str | None) -> Found:
    tasks = load_tasks(path)
    if which is None and len(tasks) == 1:
        return Found(tasks[0], str(path))
    if which is None:
        raise InputError(f"{path} holds {len(tasks)} tasks: choose with --task: {listed(task.id for task in tasks)}")
    for task in tasks:
        if task.id == which:
            return Found(task, str(path))
    raise InputError(f"--task: {one_line(which, 100)!r} is not in {path}, it has {listed(task.id for task in tasks)}")


def _portrait(found: Found, verdict: Verdict) -> Iterator[str]:
    yield f"task       {found.task.id} of {one_line(found.source)}"
    held = f"{verdict.assertions_passed} of {verdict.assertions_total} assertions held"
    word = {"stdio": "runs", "cooperative": "calls seen"}.get(found.task.mode, "calls")
    yield f"verdict    {OUTCOME_WORDS.get(verdict.outcome, verdict.outcome)}: {held}, {verdict.calls} {word}"
    yield from _grounds(verdict)
    if found.task.graded:
        yield f"unseen     {unseen_words(found.task)}"
    if verdict.cooperative:
        yield "evidence   none: the tests shared the solution's process, which could have passed them by itself"
    if verdict.inputs_seed is not None:
        yield f"inputs     drawn afresh with --seed {verdict.inputs_seed}"
    if verdict.suspect:
        yield f"the task   is suspect, nothing was drawn afresh: {one_line(verdict.suspect)}"
    if verdict.error:
        yield "error"
        yield from indented(verdict.error)
    yield f"process    {_ending(verdict.candidate)}"
    yield from fact_lines(verdict.candidate, verdict.sandbox)
    yield from _check_lines(verdict)
    for name, text in (("stdout", verdict.candidate.stdout), ("stderr", verdict.candidate.stderr)):
        if text:
            yield f"{name} of the solution"
            yield from indented(text)


def _grounds(verdict: Verdict) -> Iterator[str]:
    """Why there is no verdict, what the plain run said, and whether only what was never shown failed."""
    if verdict.outcome == "no_verdict":
        yield f"why none   {one_line(verdict.why_none)}"
    if verdict.plain:
        yield f"plain run  {one_line(verdict.plain)}"
    if verdict.fits_only_shown:
        yield f"           {FITS_ONLY_SHOWN}: what failed was never shown"


def _ending(run: RunFacts) -> str:
    if run.exit_code is not None:
        return f"exit code {run.exit_code}"
    return run.status if run.signal is None else f"signal {run.signal}"


def _check_lines(verdict: Verdict) -> Iterator[str]:
    """Each check, and below it the assertions that did not hold."""
    left = list(verdict.failures)
    yield "checks"
    for check in verdict.checks:
        yield f"  {_summary(check)}"
        mine = [] if check.passed else [each for each in left if each.check == check.name]
        left = [each for each in left if each not in mine]  # checks may share a name; none is shown twice
        for each in mine:
            yield from _failure_lines(each)
    if len(verdict.failures) == MAX_FAILURES:
        yield f"  only the first {MAX_FAILURES} assertions that did not hold are kept"


def _summary(check: CheckVerdict) -> str:
    outcome = "passed" if check.passed else "failed"
    error = f": {one_line(check.error)}" if check.error else ""
    return f"{outcome}  {check.assertions_passed}/{check.assertions_total}  {one_line(check.name)}{error}"


def _failure_lines(failure: Assertion) -> Iterator[str]:
    if failure.line:
        yield f"    line {failure.line}: {one_line(failure.source)}"
    elif not (failure.expected or failure.traceback):  # neither a case nor a test
        yield "    outside of an assertion"
    for name in DETAILS:
        text: str = getattr(failure, name)
        if name == "traceback" and failure.error and text.strip() == failure.error:
            continue
        if "\n" in text.strip():
            yield f"      {name}"
            yield from indented(text, 8)
        elif text.strip():
            yield f"      {name:<10} {text.strip()}"
