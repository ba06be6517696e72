"""An analysis in a short paragraph."""

from collections.abc import Iterator

from memory.analysis import Analysis, Recurrence, SkillFinding, TaskList
from utils.text import one_line

NAMED = 3
RULE_CHARS = 120
TOLD_UNITS = 300
CLEAR_FALL = 0.05
"""Of the p-value, shared out evenly among the skills that were looked at (Bonferroni)."""


def summary(analysis: Analysis, *, passed: int, failed: int) -> str:
    """What a person should know of it, in few sentences."""
    if not analysis.skills:
        return "Nothing graded was finished yet."
    head = f"{passed} of {passed + failed} graded attempts passed."
    tellers = (_skills, _trends, _noticed, _falls, _errors, _mistakes, _style, _learned, _tasks, _tried)
    return " ".join((head, *(sentence for tell in tellers for sentence in tell(analysis))))


def _skills(analysis: Analysis) -> Iterator[str]:
    found = {each.skill: each for each in analysis.skills}
    if analysis.weakest is not None:
        yield f"Weakest: {_level(found[analysis.weakest])}."
    if analysis.strongest is not None and analysis.strongest != analysis.weakest:
        yield f"Strongest: {_level(found[analysis.strongest])}."


def _level(finding: SkillFinding) -> str:
    level, tries = finding.level, "1 attempt" if finding.attempts == 1 else f"{finding.attempts} attempts"
    if level is None:
        return finding.skill
    return (
        f"{finding.skill}, expected to pass {level.value:.0%} of tasks of medium difficulty "
        f"(95 % interval {level.low:.0%} to {level.high:.0%}, after {tries})"
    )


def _trends(analysis: Analysis) -> Iterator[str]:
    for direction in ("rising", "falling"):
        names = [each.skill for each in analysis.skills if each.trend and each.trend.direction == direction]
        if names:
            yield f"{direction.capitalize()}: {_some(names, len(names))}."


def _noticed(analysis: Analysis) -> Iterator[str]:
    """The falls of the latest attempts; older ones are in the analysis."""
    for each in analysis.falls:
        if analysis.units - each.noticed < TOLD_UNITS:
            yield (
                f"Noticed at attempt {each.noticed}: {each.skill} got worse; since attempt {each.since}, "
                f"{each.failures} of {each.tries} tries failed, {each.expected:.1f} were expected to."
            )


def _falls(analysis: Analysis) -> Iterator[str]:
    for each in analysis.rechecks:
        if each.falls > each.rises and each.p_value * len(analysis.rechecks) < CLEAR_FALL:
            yield (
                f"Worse since the model changed: {each.skill}, of {each.tasks} tasks tried again {each.falls} fell "
                f"and {each.rises} rose (sign test, p = {each.p_value:.2g})."
            )


def _errors(analysis: Analysis) -> Iterator[str]:
    if analysis.errors:
        error = analysis.errors[0]
        times = "once" if error.count == 1 else f"{error.count} times"
        yield f"Most frequent error: {error.error_class}, {times}, e.g. {error.example_task}: {error.example}."


def _mistakes(analysis: Analysis) -> Iterator[str]:
    repeated = [each for each in analysis.mistakes if each.count > 1]
    for each in repeated[:1]:
        yield (
            f"Most repeated mistake: {each.words}, in {each.count} of the last {analysis.mistakes_in} attempts"
            f"{_mostly(each)}."
        )


def _style(analysis: Analysis) -> Iterator[str]:
    for each in analysis.style[:1]:
        yield (
            f"Most frequent habit: {each.words}, in {each.count} of the last {analysis.style_in} solutions"
            f"{_mostly(each)}, e.g. {each.example_task}: {each.example}."
        )


def _mostly(found: Recurrence) -> str:
    if len(found.by_skill) < 2:  # noqa: PLR2004  one skill needs no comparison
        return ""
    return f", mostly {min(found.by_skill, key=lambda skill: (-found.by_skill[skill], skill))}"


_VERDICTS = (("certified", "Proven to help"), ("supported", "Seems to help"), ("retired", "Proven to harm"))


def _learned(analysis: Analysis) -> Iterator[str]:
    for verdict, words in _VERDICTS:
        found = [each for each in analysis.learned if each.verdict == verdict]
        for each in found[:1]:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield (
                f"{words}: {one_line(each.text, RULE_CHARS) or each.id} "
                f"({each.shown_passed} of {each.shown} passed with it, {each.dropped_passed} of {each.dropped} "
                f"without){more}."
            )


def _tried(analysis: Analysis) -> Iterator[str]:
    if analysis.slots:
        counts = ", ".join(f"{count} {slot}" for slot, count in sorted(analysis.slots.items()))
        yield f"Chosen since the last look: {counts}."
    for each in analysis.tried[-1:]:
        yield f"Last: {each.task_id}, {each.why}."


def _tasks(analysis: Analysis) -> Iterator[str]:
    yield from _named("In quarantine", analysis.quarantined)
    yield from _named("Dead ends", analysis.dead_ends)


def _named(what: str, tasks: TaskList) -> Iterator[str]:
    if tasks.count:
        yield f"{what}: {_some(tasks.first, tasks.count)}."


def _some(names: tuple[str, ...] | list[str], count: int) -> str:
    more = f" and {count - NAMED} more" if count > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
