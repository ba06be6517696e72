"""The command line: add tasks, look at the memory, mend it. Works while the loop runs.

python utils/cli.py add-task "Build a GUI downloader" --difficulty 0.7 --priority 1
python utils/cli.py list-tasks --count 10
"""

import sys
from pathlib import Path

if __package__ in (None, ""):  # run as a file: the folder of the packages belongs on the path, this one does not
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import Annotated

import typer

from executor.doctor.command import doctor
from memory.attempts import NO_VERDICT
from memory.belogs import BELog
from memory.reading import find_task, known_tasks, latest_belogs, read_document
from memory.shown_checks import unseen_words
from memory.trend import Trend, trend_of
from memory.views.core import BuilderProfile, ScoreLog, SkillMap
from utils.command import run_command
from utils.commands.add_task import add_task
from utils.commands.analysis import get_analysis
from utils.commands.blueprints import blueprint
from utils.commands.confirm_task import confirm_task, proposed_lines
from utils.commands.evidence import evidence
from utils.commands.experiment import experiment
from utils.commands.grade import grade_file
from utils.commands.health import health
from utils.commands.import_tasks import import_tasks
from utils.commands.power import show_power
from utils.commands.rebuild import rebuild_views
from utils.commands.rehearse import rehearse
from utils.commands.report import report
from utils.commands.rules import rules
from utils.commands.run_code import run_file
from utils.commands.serve import serve
from utils.commands.shared import (
    AsJson,
    Memory,
    folder_of,
    show,
    show_lines,
    show_table,
)
from utils.commands.steer_run import pause, priority, requeue, resume
from utils.commands.watch import watch

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True, help=__doc__)
app.command()(doctor)
app.command()(add_task)
app.command()(import_tasks)
app.command()(confirm_task)
app.command("rebuild")(rebuild_views)
app.command()(get_analysis)
app.command()(watch)
app.command()(health)
app.command()(pause)
app.command()(resume)
app.command()(requeue)
app.command()(priority)
app.command()(evidence)
app.command()(rehearse)
app.command()(report)
app.command()(serve)
app.command("run-code")(run_file)
app.command("grade")(grade_file)
app.command("power")(show_power)
app.add_typer(rules, name="rules")
app.add_typer(blueprint, name="blueprint")
app.add_typer(experiment, name="experiment")


@app.command()
def list_tasks(
    count: Annotated[int, typer.Option(min=1, help="Most tasks to show.")] = 10,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show tasks, those that people wait for first."""
    tasks = [task for task, _ in zip(known_tasks(folder_of(memory)), range(count), strict=False)]
    if as_json:
        show([task.model_dump(mode="json") for task in tasks])
        return
    rows = [
        (task.id, f"{task.difficulty:.2f}", str(task.priority), "graded" if task.graded else "ungraded", task.name)
        for task in tasks
    ]
    show_table(("task", "difficulty", "priority", "", "name"), rows)


@app.command()
def get_task(
    task_id: Annotated[str, typer.Argument(help="The task's id.")], memory: Memory = None, as_json: AsJson = False
) -> None:
    """Show one task and its latest attempts."""
    found = find_task(folder_of(memory), task_id)
    if as_json:
        show(found)
        return
    task = found.task
    graded = f"{len(task.check_names)} checks, {unseen_words(task)}" if task.graded else "ungraded"
    waiting = [] if found.proposed is None else proposed_lines(found.proposed)
    show_lines(
        [
            f"{task.id}: {task.name}",
            f"difficulty {task.difficulty:.2f}, priority {task.priority}, skills {', '.join(task.skills)}, {graded}",
            f"tried {found.attempts} times, passed {found.passes}, first time {found.first_passes}",
            "",
            task.goal,
            *waiting,
        ]
    )
    rows = [(each.unit_id, each.at, each.words, str(each.turns), each.ended) for each in found.latest]
    if rows:
        show_table(("attempt", "at", "outcome", "turns", "ended"), rows)


@app.command()
def get_profile(memory: Memory = None, as_json: AsJson = False) -> None:
    """Show the Builder at a glance."""
    profile = read_document(folder_of(memory), "core/builder_profile.json", BuilderProfile)
    if as_json:
        show(profile)
        return
    errors = ", ".join(f"{each.error_class} ({each.count})" for each in profile.common_errors)
    show_lines(
        [
            f"Memory {profile.memory_id}: {profile.units} attempts in {profile.runs} runs, {profile.tokens} tokens",
            f"{profile.passed_first} passed first time, {profile.passed_after_repair} after repair",
            f"{profile.failed} failed, {profile.ungraded} ungraded, {profile.no_verdict} without a verdict",
            f"{profile.fits_only_shown} of the failed ones fit only what they were shown of the checks",
            f"{profile.pass_rate:.0%} of the graded ones passed",
            f"Most frequent errors: {errors or 'none'}",
            f"Models: {', '.join(sorted(profile.models)) or 'none'}",
        ]
    )


@app.command()
def get_skills(memory: Memory = None, as_json: AsJson = False) -> None:
    """Show the skill map."""
    skills = read_document(folder_of(memory), "core/skill_map.json", SkillMap)
    if as_json:
        show(skills)
        return
    rows = [
        (name, str(each.attempts), f"{each.pass_rate:.0%}", f"{each.level.value:.0%}",
         f"{each.level.low:.0%} to {each.level.high:.0%}", each.trend.direction)
        for name, each in sorted(skills.skills.items())
    ]  # fmt: skip
    show_table(("skill", "tried", "passed", "level", "95 % interval", "trend"), rows)


@app.command()
def get_trend(
    window: Annotated[int, typer.Option(min=1, help="Attempts in each step.")] = 20,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show how the latest attempts went, step by step."""
    trend = trend_of(read_document(folder_of(memory), "core/score_log.json", ScoreLog), window=window)
    if as_json:
        show(trend)
        return
    show_lines(_trend_lines(trend))


@app.command()
def belogs(
    count: Annotated[int, typer.Option(min=1, help="Most logs to show.")] = 10,
    task: Annotated[str | None, typer.Option(help="Only of this task.")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show Blueprint Execution Logs, the newest first."""
    found = latest_belogs(folder_of(memory), count=count, task_id=task)
    if as_json:
        show([each.model_dump(mode="json") for each in found])
        return
    rows = [
        (each.execution_trace_id, each.task_id, _became(each), f"{each.efficiency_score:.0f}",
         each.errors_encountered[-1].error_class if each.errors_encountered else "")
        for each in found
    ]  # fmt: skip
    show_table(("trace", "task", "outcome", "efficiency", "last error"), rows)


def _became(belog: BELog) -> str:
    """The outcome of its attempt, in a word or two."""
    if belog.success is not None:
        return "passed" if belog.success else "failed"
    errors = belog.errors_encountered
    return NO_VERDICT if errors and errors[-1].error_class == NO_VERDICT else "ungraded"


def _trend_lines(trend: Trend) -> list[str]:
    lines = [
        f"{step.first:>6} to {step.last:<6} {'#' * round(step.pass_rate * 20):<20} {step.pass_rate:>4.0%} passed, "
        f"{step.mean_points:5.1f} points"
        for step in trend.steps
    ]
    return [*lines, trend.words]


if __name__ == "__main__":
    sys.exit(run_command(app))
