"""The command line: add tasks, look at the memory, mend it. Works while the loop runs.

python utils/cli.py add-task "Build a GUI downloader" --difficulty 0.7 --priority 1
python utils/cli.py list-tasks --count 10
"""

import sys
from pathlib import Path

if __package__ in (None, ""):  # run as a file: the folder of the packages belongs on the path, this one does not
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor.doctor.command import doctor
from memory import inbox
from memory.lock import WriterLock, describe_holder
from memory.memory_manager import MemoryManager
from memory.reading import check_memory, find_task, known_tasks, latest_belogs, read_document
from memory.task_sources import load_tasks
from memory.tasks import Task, check_flaw
from memory.trend import Trend, trend_of
from memory.view_files import compare, rebuild
from memory.views.core import BuilderProfile, ScoreLog, SkillMap
from trainer.views import all_views
from utils.clock import SystemClock, iso
from utils.command import run_command
from utils.errors import InputError
from utils.files import json_text, read_bounded
from utils.settings import load_settings
from utils.text import one_line, printable

MAX_SOURCE_BYTES = 1024 * 1024
SETTLE_S = 0.5
BY = "utils/cli.py"
OPTIONS = {
    "goal": "GOAL",
    "name": "--name",
    "difficulty": "--difficulty",
    "priority": "--priority",
    "skills": "--skill",
    "entry_point": "--entry-point",
    "checks": "--check",
    "reference": "--reference",
}
"""Field of a task -> where a person gives it."""

Memory = Annotated[Path | None, typer.Option("--memory", help="The memory's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True, help=__doc__)
app.command()(doctor)


@app.command()
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
    reference: Annotated[Path | None, typer.Option(help="A file with a solution that passes.")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a task. With checks it is graded; without, it is tried and kept, marked ungraded."""
    folder = _folder(memory)
    for number, code in enumerate(check or (), start=1):
        if flaw := check_flaw(code):
            raise InputError(f"--check {number}: {flaw}")
    source = read_bounded(reference, limit=MAX_SOURCE_BYTES, what="--reference") if reference else None
    task = _task(
        id=_new_id(folder),
        name=name or one_line(goal, 80) or "task",
        goal=goal,
        difficulty=difficulty,
        priority=priority,
        skills=tuple(skill or ("general",)),
        entry_point=entry_point,
        checks=tuple({"name": one_line(code, 80), "code": code} for code in check or ()),
        reference=_utf8(source, reference),
        origin="user",
    )
    _leave(folder, [task])
    graded = "graded" if task.graded else "ungraded: it has no checks"
    _print(task if as_json else f"{task.id} added, priority {task.priority}, {graded}")


@app.command()
def import_tasks(
    file: Annotated[Path, typer.Argument(help="HumanEval's or MBPP's JSONL, or tasks as JSON, JSONL or TOML.")],
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Ask for all tasks of a file; a task with a known id replaces it."""
    folder = _folder(memory)
    tasks = [task.model_copy(update={"origin": "user"}) for task in load_tasks(file)]
    _leave(folder, tasks)
    _print({"imported": [task.id for task in tasks]} if as_json else f"{len(tasks)} tasks of {file} imported")


@app.command()
def list_tasks(
    count: Annotated[int, typer.Option(min=1, help="Most tasks to show.")] = 10,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show tasks, those that people wait for first."""
    tasks = [task for task, _ in zip(known_tasks(_folder(memory)), range(count), strict=False)]
    if as_json:
        _print([task.model_dump(mode="json") for task in tasks])
        return
    rows = [
        (task.id, f"{task.difficulty:.2f}", str(task.priority), "graded" if task.graded else "ungraded", task.name)
        for task in tasks
    ]
    _table(("task", "difficulty", "priority", "", "name"), rows)


@app.command()
def get_task(
    task_id: Annotated[str, typer.Argument(help="The task's id.")], memory: Memory = None, as_json: AsJson = False
) -> None:
    """Show one task and its latest attempts."""
    found = find_task(_folder(memory), task_id)
    if as_json:
        _print(found)
        return
    task = found.task
    graded = f"{len(task.checks)} checks" if task.graded else "ungraded"
    _lines(
        [
            f"{task.id}: {task.name}",
            f"difficulty {task.difficulty:.2f}, priority {task.priority}, skills {', '.join(task.skills)}, {graded}",
            f"tried {found.attempts} times, passed {found.passes}, first time {found.first_passes}",
            "",
            task.goal,
        ]
    )
    rows = [(each.unit_id, each.at, each.outcome, str(each.turns), each.ended) for each in found.latest]
    if rows:
        _table(("attempt", "at", "outcome", "turns", "ended"), rows)


@app.command()
def get_profile(memory: Memory = None, as_json: AsJson = False) -> None:
    """Show the Builder at a glance."""
    profile = read_document(_folder(memory), "core/builder_profile.json", BuilderProfile)
    if as_json:
        _print(profile)
        return
    errors = ", ".join(f"{each.error_class} ({each.count})" for each in profile.common_errors)
    _lines(
        [
            f"Memory {profile.memory_id}: {profile.units} attempts in {profile.runs} runs, {profile.tokens} tokens",
            f"{profile.passed_first} passed first time, {profile.passed_after_repair} after repair",
            f"{profile.failed} failed, {profile.ungraded} ungraded",
            f"{profile.pass_rate:.0%} of the graded ones passed",
            f"Most frequent errors: {errors or 'none'}",
            f"Models: {', '.join(sorted(profile.models)) or 'none'}",
        ]
    )


@app.command()
def get_skills(memory: Memory = None, as_json: AsJson = False) -> None:
    """Show the skill map."""
    skills = read_document(_folder(memory), "core/skill_map.json", SkillMap)
    if as_json:
        _print(skills)
        return
    rows = [
        (name, str(each.attempts), f"{each.pass_rate:.0%}", f"{each.low:.0%} to {each.high:.0%}")
        for name, each in sorted(skills.skills.items())
    ]
    _table(("skill", "tried", "passed", "95 % interval"), rows)


@app.command()
def get_trend(
    window: Annotated[int, typer.Option(min=1, help="Attempts in each step.")] = 20,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show how the latest attempts went, step by step."""
    trend = trend_of(read_document(_folder(memory), "core/score_log.json", ScoreLog), window=window)
    if as_json:
        _print(trend)
        return
    _lines(_trend_lines(trend))


@app.command()
def belogs(
    count: Annotated[int, typer.Option(min=1, help="Most logs to show.")] = 10,
    task: Annotated[str | None, typer.Option(help="Only of this task.")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show Blueprint Execution Logs, the newest first."""
    found = latest_belogs(_folder(memory), count=count, task_id=task)
    if as_json:
        _print([each.model_dump(mode="json") for each in found])
        return
    words = {True: "passed", False: "failed", None: "ungraded"}
    rows = [
        (each.execution_trace_id, each.task_id, words[each.success], f"{each.efficiency_score:.0f}",
         each.errors_encountered[-1].error_class if each.errors_encountered else "")
        for each in found
    ]  # fmt: skip
    _table(("trace", "task", "outcome", "efficiency", "last error"), rows)


@app.command("rebuild")
def rebuild_views(
    check: Annotated[bool, typer.Option("--check", help="Only compare; write nothing.")] = False,
    memory: Memory = None,
    as_json: AsJson = False,
) -> int:
    """Make all views anew from the event log, or check that they are what it says."""
    folder = _folder(memory)
    check_memory(folder)
    lock = WriterLock(folder)
    if not lock.try_acquire("utils/cli.py rebuild", iso(SystemClock().now())):
        return _check_running(folder, as_json=as_json) if check else _ask_for_rebuild(folder, as_json=as_json)
    try:
        differences = compare(folder, all_views())
        if not check:
            rebuild(folder, all_views(), differences)
    finally:
        lock.release()
    lines = list(differences.lines())
    done = "as the log says" if differences.none else f"{len(lines)} {'differ' if check else 'mended'}"
    _print({"views": done, "files": lines} if as_json else "\n".join([*lines, f"The views are {done}."]))
    return 1 if check and not differences.none else 0


def _check_running(folder: Path, *, as_json: bool) -> int:
    """Compare under a loop that writes: files that it replaces meanwhile are left out."""
    started = time.time()
    differences = compare(folder, all_views(), settle_s=SETTLE_S, changed_since=started)
    lines = list(differences.lines())
    state = "as the log says" if differences.none else f"{len(lines)} differ"
    note = f"{describe_holder(folder)} is writing; what it replaced meanwhile was not compared"
    _print(
        {"views": state, "files": lines, "note": note}
        if as_json
        else "\n".join([*lines, f"The views are {state}; {note}."])
    )
    return 0 if differences.none else 1


def _ask_for_rebuild(folder: Path, *, as_json: bool) -> int:
    inbox.leave(folder, inbox.Wish(by=BY, tasks=(), rebuild=True), at=iso(SystemClock().now()))
    text = f"{describe_holder(folder)} was asked to rebuild the views at its next step"
    _print({"views": text} if as_json else text)
    return 0


def _folder(memory: Path | None) -> Path:
    return load_settings(memory=memory).memory


def _task(**fields: Any) -> Task:  # noqa: ANN401  the options of a command, validated here
    try:
        return Task(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = OPTIONS.get(str(first["loc"][0]) if first["loc"] else "", "the task")
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{place}: {message}, not {one_line(repr(first['input']), 60)}") from error


def _new_id(folder: Path) -> str:
    taken = (
        {task.id for task in known_tasks(folder)}
        if (folder / "inbox").is_dir() or (folder / "events").is_dir()
        else set()
    )
    while (found := f"task_{secrets.randbelow(900_000) + 100_000}") in taken:
        pass
    return found


def _utf8(source: bytes | None, path: Path | None) -> str | None:
    try:
        return None if source is None else source.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"--reference {path}: not UTF-8 at byte {error.start}") from error


def _leave(folder: Path, tasks: Sequence[Task]) -> None:
    """Into the inbox; and from there into the memory, if there is one and no loop is running that will do it.

    A memory is begun by the loop alone, for it alone is told the seed.
    """
    clock = SystemClock()
    inbox.leave(folder, inbox.Wish(by=BY, tasks=tuple(tasks)), at=iso(clock.now()))
    lock = WriterLock(folder)
    if not (folder / "events").is_dir() or not lock.try_acquire(BY, iso(clock.now())):
        return
    lock.release()
    with MemoryManager.open(folder, views=all_views(), clock=clock, what=BY, identify=lambda: "") as memory:
        memory.take_wishes(all_views)


def _print(value: BaseModel | str | dict[str, Any] | list[Any]) -> None:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    sys.stdout.write(value + "\n" if isinstance(value, str) else json_text(value))


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write("\n".join(printable(part) for part in line.split("\n")) + "\n")


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns on a terminal, tabs between fields in a pipe."""
    console = Console()
    if not console.is_terminal:
        _lines("\t".join(" ".join(field.split()) for field in row) for row in rows)
        return
    table = Table(*headers, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(printable(" ".join(field.split()))) for field in row))
    console.print(table)


def _trend_lines(trend: Trend) -> list[str]:
    lines = [
        f"{step.first:>6} to {step.last:<6} {'#' * round(step.pass_rate * 20):<20} {step.pass_rate:>4.0%} passed, "
        f"{step.mean_points:5.1f} points"
        for step in trend.steps
    ]
    return [*lines, trend.words]


if __name__ == "__main__":
    sys.exit(run_command(app))
