"""A look at what is remembered: skills, mistakes, habits, what helped, what was tried, in numbers and in words."""

from collections.abc import Collection, Iterable, Iterator
from statistics import fmean
from typing import Any, Literal

from memory.analysis import (
    Analysis,
    Calibration,
    ChoiceFinding,
    ErrorFinding,
    FallFinding,
    LearnedFinding,
    MistakeFinding,
    SkillFinding,
    StyleFinding,
    TaskList,
)
from memory.code_style import style_words
from memory.falls import Fall
from memory.levels import Level, level_of, level_trend
from memory.mistake_words import mistake_words
from memory.recurring import Occurrences
from memory.state import MemoryState
from memory.statistics import pass_rate, wilson_interval
from trainer.adjust_difficulty import practised_at, target_of
from trainer.candidates import Candidates
from trainer.rechecks import Rechecks
from trainer.summary import summary

TOP_ERRORS = 5
TOP_MISTAKES = 5
TOP_HABITS = 8
LEARNED_NAMED = 10
TASKS_NAMED = 20


def analyse(state: MemoryState, rechecks: Rechecks | None = None) -> Analysis:
    """The analysis of the whole memory; a pure function of it. Without `rechecks` nothing is said of falls."""
    practised = sorted(name for name, record in state.skills.items() if record.attempts)
    levels = {name: level_of(state.learning.level(name)) for name in practised}
    totals = state.totals
    passed = totals.passed_first + totals.passed_repaired
    numbers = Analysis(
        number=state.analyses + 1,
        units=totals.units,
        pass_rate=pass_rate(passed, passed + totals.failed),
        skills=tuple(_skill(name, state, level) for name, level in levels.items()),
        errors=tuple(_errors(state)),
        weakest=min(levels, key=lambda name: (levels[name].high, levels[name].value, name), default=None),
        strongest=_strongest(levels),
        rechecks=rechecks.findings() if rechecks else (),
        falls=tuple(_fall(each) for each in state.learning.watch.falls),
        quarantined=_listed(task for task, record in state.tasks.items() if record.quarantined),
        dead_ends=_dead_ends(state),
        calibration=_calibration(state),
        mistakes=tuple(_mistakes(state)),
        mistakes_in=len(state.mistakes),
        style=tuple(_style(state)),
        style_in=len(state.habits),
        learned=tuple(_learned(state))[:LEARNED_NAMED],
        tried=tuple(
            ChoiceFinding(
                unit_id=each.unit_id, task_id=each.task_id, slot=each.slot, why=each.why, outcome=each.outcome
            )
            for each in state.choices
        ),
        slots=dict(sorted((state.slots - state.slots_at_last_analysis).items())),
        efficiency_score=_mean(state.efficiencies),
        summary="",
    )
    return numbers.model_copy(update={"summary": summary(numbers, passed=passed, failed=totals.failed)})


def _strongest(levels: dict[str, Level]) -> str | None:
    if len(levels) < 2:  # noqa: PLR2004  one skill alone is not the strongest
        return None
    return max(levels, key=lambda name: (levels[name].low, levels[name].value, name))


def _skill(name: str, state: MemoryState, level: Level) -> SkillFinding:
    record = state.skills[name]
    low, high = wilson_interval(record.passes, record.attempts)
    return SkillFinding(
        skill=name,
        attempts=record.attempts,
        pass_rate=pass_rate(record.passes, record.attempts),
        low=low,
        high=high,
        recent_pass_rate=pass_rate(sum(record.recent), len(record.recent)),
        target_difficulty=target_of(practised_at(name, state.learning), goal=state.learning.aim.goal),
        level=level,
        trend=level_trend(record),
        efficiency_score=_mean(record.efficiencies),
    )


def _mean(values: Collection[float]) -> float | None:
    return round(fmean(values), 2) if values else None


def _mistakes(state: MemoryState) -> Iterator[MistakeFinding]:
    for each in state.mistakes.most(TOP_MISTAKES):
        yield MistakeFinding(signature=each.name, words=mistake_words(each.name), **_recurrence(each.found))


def _style(state: MemoryState) -> Iterator[StyleFinding]:
    for each in state.habits.most(TOP_HABITS):
        yield StyleFinding(rule=each.name, words=style_words(each.name), **_recurrence(each.found))


def _recurrence(found: Occurrences) -> dict[str, Any]:
    return {
        "count": found.count,
        "by_skill": dict(sorted(found.by_skill.items())),
        "example_task": found.task_id,
        "example_unit": found.unit_id,
        "example": found.example,
    }


def _learned(state: MemoryState) -> Iterator[LearnedFinding]:
    """Certified before supported before retired, and in the order in which they went on trial."""
    book = state.learning.evidence.certificates
    supported = book.supported()
    said = [(key, book.verdict(key) or ("supported" if key in supported else None)) for key in book]
    for verdict in ("certified", "supported", "retired"):
        for key in (key for key, found in said if found == verdict):
            yield _learned_one(key, verdict, state)


def _learned_one(key: str, verdict: Literal["certified", "supported", "retired"], state: MemoryState) -> LearnedFinding:
    name, _, version = key.rpartition("@")
    record, number = state.learning.rules.get(name), int(version)
    effect = state.learning.model.effect(key, skills=())
    shown_passed, shown_failed, dropped_passed, dropped_failed = state.learning.evidence.certificates.counts(key)
    return LearnedFinding(
        id=name,
        version=number,
        text="" if record is None else record.texts[number - 1],
        verdict=verdict,
        effect=round(effect.mean, 6) + 0.0,
        sd=round(effect.sd, 6),
        shown=shown_passed + shown_failed,
        shown_passed=shown_passed,
        dropped=dropped_passed + dropped_failed,
        dropped_passed=dropped_passed,
    )


def _fall(fall: Fall) -> FallFinding:
    return FallFinding(
        skill=fall.skill,
        noticed=fall.unit,
        since=fall.since,
        tries=fall.tries,
        failures=fall.failures,
        expected=fall.expected,
    )


def _errors(state: MemoryState) -> list[ErrorFinding]:
    most = sorted(state.errors.items(), key=lambda item: (-item[1].count, item[0]))[:TOP_ERRORS]
    return [
        ErrorFinding(error_class=name, count=record.count, example_task=record.task_id, example=record.example)
        for name, record in most
    ]


def _listed(tasks: Iterable[str]) -> TaskList:
    names = sorted(tasks)
    return TaskList(count=len(names), first=tuple(names[:TASKS_NAMED]))


def _dead_ends(state: MemoryState) -> TaskList:
    candidates = Candidates(state, (), model=state.model)
    return _listed(task for task, record in state.tasks.items() if candidates.why_closed(record) == "dead end")


def _calibration(state: MemoryState) -> Calibration | None:
    forecasts = state.totals.forecasts
    if forecasts.brier is None or forecasts.constant_brier is None:
        return None
    return Calibration(
        units=forecasts.units, brier=round(forecasts.brier, 6), constant=round(forecasts.constant_brier, 6)
    )
