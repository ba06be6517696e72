"""Look at the ways of working and take one back: python utils/cli.py blueprint ..."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from memory import inbox
from memory.blueprints import RollBack, Way
from memory.evidence.report_words import number_of
from memory.reading import check_memory, read_document
from memory.views.blueprints import BlueprintStanding, TrialStanding, VersionStanding, standing_file
from utils.commands.rule_lines import counted
from utils.commands.shared import BY, AsJson, Memory, folder_of, leave, show, show_lines, show_table
from utils.errors import InputError
from utils.text import one_line

Name = Annotated[str, typer.Argument(metavar="ID", help="The blueprint's id.")]

blueprint = typer.Typer(no_args_is_help=True, help="Look at the ways of working, and take one back.")


@blueprint.command("list")
def list_blueprints(memory: Memory = None, as_json: AsJson = False) -> None:
    """Show each blueprint, the version in use, and what is on trial."""
    found = _standings(folder_of(memory))
    if as_json:
        show([each.model_dump(mode="json") for each in found])
        return
    rows = [
        (each.id, each.family or "all tasks", f"v{each.in_use}" if each.in_use else "-", str(len(each.versions)),
         ", ".join(f"v{version.version} on trial" for version in each.versions if version.state == "on trial"))
        for each in found
    ]  # fmt: skip
    show_table(("blueprint", "for", "in use", "versions", ""), rows)


@blueprint.command("show")
def show_blueprint(name: Name, memory: Memory = None, as_json: AsJson = False) -> None:
    """Show every version of a blueprint and what its coins say."""
    found = _standing(folder_of(memory), name)
    if as_json:
        show(found)
    else:
        show_lines(_portrait(found))


@blueprint.command("rollback")
def roll_back(name: Name, memory: Memory = None, as_json: AsJson = False) -> None:
    """Use the version again that was used before the present one; a trial against the present one ends."""
    folder = folder_of(memory)
    found = _standing(folder, name)
    if found.in_use is None or (not found.family and not _revised(found)):
        raise InputError(f"{name} works as it came with the program; there is nothing to go back to")
    taken = leave(folder, inbox.Wish(by=BY, blueprints=(RollBack(blueprint=found.id),)))
    if not taken:
        words = f"{name}@{found.in_use} will be taken back as soon as the running loop sees it"
        show({"blueprint": name, "waits": True} if as_json else words)
        return
    after = _standing(folder, name)
    now = (
        f"version {after.in_use} is in use"
        if after.in_use
        else f"tasks of {after.family} are worked on like all others"
    )
    show(after if as_json else f"{name}@{found.in_use} was taken back; {now}")


def _revised(found: BlueprintStanding) -> bool:
    """Whether the version in use is not as the program came."""
    return any(each.version == found.in_use and each.way != Way() for each in found.versions)


def _standings(folder: Path) -> list[BlueprintStanding]:
    check_memory(folder)
    paths = sorted((folder / "blueprints").glob("*/standing.json"))
    found = [read_document(folder, path.relative_to(folder).as_posix(), BlueprintStanding) for path in paths]
    return sorted(found, key=lambda each: (each.family, each.id))


def _standing(folder: Path, name: str) -> BlueprintStanding:
    check_memory(folder)
    if not (folder / standing_file(name)).exists():
        raise InputError(f"there is no blueprint {one_line(name, 60)!r}; `blueprint list` shows those that there are")
    return read_document(folder, standing_file(name), BlueprintStanding)


def _portrait(found: BlueprintStanding) -> Iterator[str]:
    tasks = f"tasks of {found.family}" if found.family else "all tasks"
    used = f"version {found.in_use} is in use" if found.in_use else "none of its versions is in use"
    yield f"{found.id}: how {tasks} are worked on; {used}"
    for version in found.versions:
        yield ""
        yield from _version(version)


def _version(version: VersionStanding) -> Iterator[str]:
    yield f"v{version.version}, {version.state}: {version.title}"
    for line in version.way.guidance:
        yield f"  - {line}"
    if settings := _settings(version.way):
        yield f"  {settings}"
    if version.trial is not None:
        yield from _trial(version.trial)


def _settings(way: Way) -> str:
    named = (
        ("temperature", way.temperature),
        ("repairs", way.max_repairs),
        ("recall tokens", way.recall_tokens),
        ("rules", way.most_rules),
    )
    parts = ["plan first"] if way.plan_first else []
    return ", ".join([*parts, *(f"{name} {value}" for name, value in named if value is not None)])


def _trial(trial: TrialStanding) -> Iterator[str]:
    if trial.proposed:
        yield f"  Proposed because: {trial.proposed}"
    yield (
        f"  Trial {trial.number} against {trial.base}, {counted(trial.units, 'attempt')}: {_share(trial.rate)} passed "
        f"with it, {_share(trial.base_rate)} without; evidence that it is better {number_of(trial.log10_e_better)} of "
        f"{number_of(trial.log10_needed)}, that it is worse {number_of(trial.log10_e_worse)} of 20"
    )
    if trial.effect is not None:
        effect = trial.effect
        yield f"  Average effect so far {effect.mean:+.3f}, 95 % interval {effect.low:+.3f} to {effect.high:+.3f}"
    if trial.why:
        yield f"  Ended: {trial.why}"
    check = trial.cross_check
    if check.required:
        yield (
            f"  Cross-check of {counted(check.tasks, 'task')} that passed before: {check.passed} passed again, "
            f"{check.failed} failed, {check.waiting} waiting; breakage risk {check.risk:.2f}, seen "
            f"{check.share_failed:.2f}"
        )


def _share(rate: float | None) -> str:
    return "none" if rate is None else f"{rate:.0%}"
