"""A look at what is remembered: which skill is weak, which errors come back, in numbers and in words."""

from memory.analysis import Analysis, ErrorFinding, SkillFinding
from memory.state import MemoryState
from memory.statistics import pass_rate, wilson_interval
from trainer.adjust_difficulty import DifficultyTargets

TOP_ERRORS = 5


def analyse(state: MemoryState, targets: DifficultyTargets) -> Analysis:
    """The analysis of the whole memory; a pure function of it."""
    graded = sorted(name for name, record in state.skills.items() if record.attempts)
    skills = tuple(_skill(name, state, targets) for name in graded)
    errors = tuple(_errors(state))
    weakest = min(skills, key=lambda each: (each.high, each.pass_rate, each.skill), default=None)
    totals = state.totals
    passed = totals.passed_first + totals.passed_repaired
    return Analysis(
        number=state.analyses + 1,
        units=totals.units,
        pass_rate=pass_rate(passed, passed + totals.failed),
        skills=skills,
        errors=errors,
        weakest=weakest.skill if weakest else None,
        summary=_in_words(passed, passed + totals.failed, skills, weakest, errors),
    )


def _skill(name: str, state: MemoryState, targets: DifficultyTargets) -> SkillFinding:
    record = state.skills[name]
    low, high = wilson_interval(record.passes, record.attempts)
    return SkillFinding(
        skill=name,
        attempts=record.attempts,
        pass_rate=pass_rate(record.passes, record.attempts),
        low=low,
        high=high,
        recent_pass_rate=pass_rate(sum(record.recent), len(record.recent)),
        target_difficulty=targets.of(name),
    )


def _errors(state: MemoryState) -> list[ErrorFinding]:
    most = sorted(state.errors.items(), key=lambda item: (-item[1].count, item[0]))[:TOP_ERRORS]
    return [
        ErrorFinding(error_class=name, count=record.count, example_task=record.task_id, example=record.example)
        for name, record in most
    ]


def _in_words(
    passed: int,
    graded: int,
    skills: tuple[SkillFinding, ...],
    weakest: SkillFinding | None,
    errors: tuple[ErrorFinding, ...],
) -> str:
    if weakest is None:
        return "Nothing graded was finished yet."
    strongest = max(skills, key=lambda each: (each.low, each.pass_rate, each.skill))
    lines = [
        f"{passed} of {graded} graded attempts passed.",
        f"Weakest: {_rate(weakest)}.",
        f"Strongest: {_rate(strongest)}." if strongest is not weakest else "",
        f"Most frequent error: {errors[0].error_class}, {errors[0].count} times, e.g. {errors[0].example_task}: "
        f"{errors[0].example}."
        if errors
        else "",
    ]
    return " ".join(line for line in lines if line)


def _rate(finding: SkillFinding) -> str:
    return (
        f"{finding.skill}, {finding.pass_rate:.0%} of {finding.attempts} attempts passed "
        f"(95 % interval {finding.low:.0%} to {finding.high:.0%})"
    )
