"""Ask for a task by hand: python utils/cli.py add-task GOAL."""

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from memory import inbox
from memory.loose_cases import loose_cases
from memory.reading import known_tasks
from memory.shown_checks import unseen_words
from memory.tasks import Task, check_flaw
from utils.commands.programs import SandboxOption, tell
from utils.commands.shared import BY, AsJson, Memory, leave, show, wrong_option
from utils.commands.trials import try_tasks
from utils.errors import InputError
from utils.files import read_bounded
from utils.settings import load_settings
from utils.text import one_line

MAX_SOURCE_BYTES = 1024 * 1024
OPTIONS = {
    "goal": "GOAL",
    "name": "--name",
    "difficulty": "--difficulty",
    "priority": "--priority",
    "skills": "--skill",
    "entry_point": "--entry-point",
    "checks": "--check",
    "cases": "--case",
    "tolerance": "--tolerance",
    "program_cases": "--input and --output",
    "generator": "--generator",
    "tests": "--tests",
    "reference": "--reference",
}
"""Field of a task -> where a person gives it."""


def add_task(  # noqa: PLR0913, PLR0917  one parameter for each option
    goal: Annotated[str, typer.Argument(help="What to build, in words.")],
    difficulty: Annotated[float, typer.Option(help="0 (trivial) to 1 (hard).")] = 0.5,
    priority: Annotated[int, typer.Option(help="Larger is sooner.")] = 0,
    name: Annotated[str | None, typer.Option(help="A short title.")] = None,
    skill: Annotated[list[str] | None, typer.Option(help="What it practises; can be given again.")] = None,
    entry_point: Annotated[str | None, typer.Option(help="The function or class to define.")] = None,
    check: Annotated[
        list[str] | None, typer.Option(help='An assert, e.g. "assert f(1) == 2"; can be repeated.')
    ] = None,
    case: Annotated[
        list[str] | None, typer.Option(help='A call and its result, e.g. "f(1) == 2"; can be repeated.')
    ] = None,
    tolerance: Annotated[float | None, typer.Option(help="How far floats of --case and --output may be off.")] = None,
    stdin: Annotated[
        list[Path] | None, typer.Option("--input", help="A file that a program reads; with --output; can be repeated.")
    ] = None,
    stdout: Annotated[list[Path] | None, typer.Option("--output", help="What it should print then, as a file.")] = None,
    generator: Annotated[Path | None, typer.Option(help="A file with inputs(rng), for inputs drawn afresh.")] = None,
    tests: Annotated[
        Path | None, typer.Option(help="A file of tests that run beside the solution; the task stays ungraded.")
    ] = None,
    reference: Annotated[Path | None, typer.Option(help="A file with a solution that passes.")] = None,
    show_checks: Annotated[
        bool, typer.Option("--show-checks", help="Let the Builder see all checks when it fails; proves nothing then.")
    ] = False,
    sandbox: SandboxOption = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a task. With checks, cases or outputs it is graded; without, it is tried and kept, marked ungraded.

    A graded task is tried first: one that nobody can pass, or nobody can fail, is refused.
    """
    settings = load_settings(memory=memory, sandbox=sandbox)
    folder = settings.memory
    for number, code in enumerate(check or (), start=1):
        if flaw := check_flaw(code):
            raise InputError(f"--check {number}: {flaw}")
    drawn = _text_of(generator, "--generator")
    task = _task(
        id=_new_id(folder),
        name=name or one_line(goal, 80) or "task",
        goal=goal,
        difficulty=difficulty,
        priority=priority,
        skills=tuple(skill or ("general",)),
        entry_point=entry_point,
        checks=tuple({"name": one_line(code, 80), "code": code} for code in check or ()),
        cases=tuple(loose_cases(case or [], _wrong_case)),
        tolerance=tolerance,
        program_cases=_program_cases(stdin or [], stdout or []),
        generator=None if drawn is None else {"source": drawn},
        tests=_text_of(tests, "--tests") or "",
        reference=_text_of(reference, "--reference"),
        show_checks=show_checks,
        origin="user",
    )
    tried = try_tasks((task,), settings, tell=tell)
    if no_use := tried.flaws[0]:
        raise InputError(f"the task is no use: {no_use}")
    leave(folder, inbox.Wish(by=BY, tasks=(task,), tried=tried.sound))
    graded = f"graded, {unseen_words(task)}" if task.graded else f"ungraded: {_why_ungraded(task)}"
    show(task if as_json else f"{task.id} added, priority {task.priority}, {graded}")
    if tried.untried:
        tell(f"not tried: {tried.untried}; it is tried before its first attempt")


def _task(**fields: Any) -> Task:  # noqa: ANN401  the options of a command, validated here
    try:
        return Task(**fields)
    except ValidationError as error:
        raise wrong_option(error, OPTIONS, whole="the task") from error


def _new_id(folder: Path) -> str:
    taken = (
        {task.id for task in known_tasks(folder)}
        if (folder / "inbox").is_dir() or (folder / "events").is_dir()
        else set()
    )
    while (found := f"task_{secrets.randbelow(900_000) + 100_000}") in taken:
        pass
    return found


def _wrong_case(field: str, what: str) -> InputError:
    return InputError(f"--case {int(field.rpartition('.')[2]) + 1}: {what}")


def _program_cases(stdin: list[Path], stdout: list[Path]) -> tuple[dict[str, str | None], ...]:
    """Each input with its output, in the order given; outputs alone for programs that read nothing."""
    if stdin and len(stdin) != len(stdout):
        raise InputError(f"--input: given {len(stdin)} times, --output {len(stdout)} times; give both as often")
    texts = [_text_of(path, "--input") for path in stdin] or [""] * len(stdout)
    outputs = [_text_of(path, "--output") for path in stdout]
    return tuple({"stdin": text, "stdout": output} for text, output in zip(texts, outputs, strict=True))


def _why_ungraded(task: Task) -> str:
    if task.mode == "cooperative":
        return "its tests share the solution's process and prove nothing"
    return "it has no checks"


def _text_of(path: Path | None, what: str) -> str | None:
    """The file's text; None without a file.

    Raises:
        InputError: it is missing, too large, or not UTF-8.
    """
    if path is None:
        return None
    try:
        return read_bounded(path, limit=MAX_SOURCE_BYTES, what=what).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {path}: not UTF-8 at byte {error.start}") from error
