"""The latest look of the Trainer at the memory: in words, then in tables."""

from collections.abc import Sequence

from memory.analysis import Analysis, Recurrence
from memory.attempts import OUTCOME_WORDS
from memory.reading import latest_analysis
from utils.commands.shared import AsJson, Memory, folder_of, show, show_lines, show_table


def get_analysis(memory: Memory = None, as_json: AsJson = False) -> None:
    """Show the latest analysis: skills, mistakes, habits, what is proven, what was tried and why."""
    found = latest_analysis(folder_of(memory))
    if as_json:
        show(found)
        return
    show_lines([f"Analysis {found.number}, after {found.units} attempts", found.summary])
    _table("Skills:", ("skill", "tried", "passed", "level", "95 % interval", "trend", "efficiency"), _skills(found))
    _table("Mistakes:", ("attempts", "mistake", "skills", "example"), _recurring(found.mistakes))
    _table("Habits:", ("solutions", "habit", "skills", "example"), _recurring(found.style))
    _table("Learned:", ("evidence", "effect", "with it", "without", "text"), _learned(found))
    _table("Tried last:", ("task", "for", "why", "outcome"), _tried(found))


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        show_lines(["", title])
        show_table(headers, rows)


def _skills(found: Analysis) -> list[tuple[str, ...]]:
    return [
        (each.skill, str(each.attempts), f"{each.pass_rate:.0%}",
         f"{each.level.value:.0%}" if each.level else "",
         f"{each.level.low:.0%} to {each.level.high:.0%}" if each.level else "",
         each.trend.direction if each.trend else "",
         "" if each.efficiency_score is None else f"{each.efficiency_score:.0f}")
        for each in found.skills
    ]  # fmt: skip


def _recurring(found: Sequence[Recurrence]) -> list[tuple[str, ...]]:
    return [
        (str(each.count), each.words, ", ".join(f"{skill} {count}" for skill, count in each.by_skill.items()),
         f"{each.example_task}: {each.example}")
        for each in found
    ]  # fmt: skip


def _learned(found: Analysis) -> list[tuple[str, ...]]:
    return [
        (each.verdict, f"{each.effect:+.2f}", f"{each.shown_passed} of {each.shown} passed",
         f"{each.dropped_passed} of {each.dropped} passed", each.text or each.id)
        for each in found.learned
    ]  # fmt: skip


def _tried(found: Analysis) -> list[tuple[str, ...]]:
    return [
        (each.task_id, each.slot, each.why, OUTCOME_WORDS.get(each.outcome, each.outcome) or "under way")
        for each in found.tried
    ]
