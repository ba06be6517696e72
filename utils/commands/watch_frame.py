"""One frame of `watch`: lines that fit a terminal of any width; the first says whether the loop runs.

Everything that a model, a program or a task's author may have written is escaped before it is shown.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from memory.attempts import OUTCOME_WORDS
from memory.evidence.bets import PROVEN
from memory.seen_run import Ended, SeenRun
from memory.statistics import wilson_interval
from memory.views.core import SkillMap
from utils.clock import seconds_between
from utils.display import STYLES
from utils.numbers import span_words
from utils.stopping import next_time
from utils.text import clip, printable

RULES_SHOWN, SKILLS_SHOWN = 4, 8
LINE_CHARS = 300


@dataclass(frozen=True, slots=True)
class Frame:
    """What there is to be seen at one moment; `replies` counts the model's answers in each unit under way."""

    night: SeenRun
    running: bool
    replies: Mapping[str, int]
    skills: SkillMap | None
    now: str


def frame(seen: Frame, *, height: int) -> RenderableType:
    """For a terminal: what does not fit its height or width is cut off."""
    lines = [Text(line, no_wrap=True, overflow="ellipsis", style=_style(line)) for line in _lines(seen)]
    return Group(*lines[: max(1, height - 1)])


def frame_lines(seen: Frame, *, width: int) -> list[str]:
    """The same as plain lines, cut to the width; 0 for none."""
    return [line[:width] if width else line for line in _lines(seen)]


def _style(line: str) -> str:
    words = line.split()
    return next((style for outcome, style in STYLES.items() if words[: len(outcome.split())] == outcome.split()), "")


def _lines(seen: Frame) -> list[str]:
    return [clip(printable(" ".join(line.splitlines())), LINE_CHARS) for line in _raw_lines(seen)]


def _raw_lines(seen: Frame) -> Iterator[str]:
    night = seen.night
    yield _standing(seen)
    if not night.run:
        return
    yield f"run {night.run} with {night.model}" + (", which is SIMULATED" if night.simulated else "")
    if night.away:
        yield f"away for {_ago(night.away_at, seen.now)}: {night.away}"
    yield _outcomes(night)
    yield _pace(seen)
    yield _evidence(night)
    if seen.running:
        yield ""
        yield from _now(seen)
    if night.latest:
        yield from ("", "latest attempts")
        yield from map(_attempt, reversed(night.latest))
    yield from _skills(seen.skills)
    yield from _rules(night)


def _standing(seen: Frame) -> str:
    night = seen.night
    if seen.running:
        how = f"paused for {_ago(night.paused_at, seen.now)}" if night.paused_at else "the loop is running"
        return f"{how}, {_ago(night.started_at, seen.now)} since the run began" if night.started_at else how
    if not night.run:
        return "no loop is running, and none has run here yet"
    since = f"since {night.last_at} ({_ago(night.last_at, seen.now)} ago)"
    if night.ended:
        return f"no loop is running {since}: {night.ended}"
    return f"no loop is running {since}: it did not say why; the same command goes on with the run"


def _outcomes(night: SeenRun) -> str:
    passed, graded = night.outcomes.get("passed", 0), night.graded
    low, high = wilson_interval(passed, graded)
    share = f"{passed / graded:.0%} (95 % interval {low:.0%} to {high:.0%})" if graded else "no verdict yet"
    rest = [
        f"{number} {OUTCOME_WORDS.get(outcome, outcome)}"
        for outcome, number in sorted(night.outcomes.items())
        if outcome != "passed"
    ]
    attempts = "1 attempt" if night.tried == 1 else f"{night.tried} attempts"
    return ", ".join([f"{attempts}: {passed} passed, {share}", *rest])


def _pace(seen: Frame) -> str:
    night = seen.night
    rate = "" if night.per_hour is None else f"{night.per_hour:.0f} attempts an hour, "
    faults = "1 fault" if night.faults == 1 else f"{night.faults} faults"
    left = f"; {_left(seen)}" if seen.running else ""
    return f"{rate}{night.tokens} tokens, {faults}{left}"


def _left(seen: Frame) -> str:
    """Until the run ends, by the limits that it was given."""
    settings, night = seen.night.settings, seen.night
    start, now = datetime.fromisoformat(night.limits_from), datetime.fromisoformat(seen.now)
    told = []
    if hours := settings.get("hours"):
        end = start + timedelta(hours=float(hours))
        told.append(f"{span_words(max(0.0, (end - now).total_seconds()))} left")
    if until := settings.get("until"):
        told.append(f"{span_words(max(0.0, (next_time(until, start) - now).total_seconds()))} until {until}")
    if cycles := settings.get("cycles"):
        told.append(f"{max(0, int(cycles) - night.tried)} of {cycles} attempts left")
    if tokens := settings.get("max_tokens"):
        told.append(f"{max(0, int(tokens) - night.tokens)} of {tokens} tokens left")
    return ", ".join(told) or "no limit; `touch stop` in the memory's folder ends it"


def _evidence(night: SeenRun) -> str:
    if night.log_helps is None:
        return "evidence that learning helps: none yet"
    value = math.exp(min(night.log_helps, 60.0))
    return f"evidence that learning helps: {value:.3g} of {PROVEN:.0f} needed for a proof"


def _now(seen: Frame) -> Iterator[str]:
    if not seen.night.under_way:
        yield "now: nothing is under way"
    for number, unit in enumerate(seen.night.under_way.values(), 1):
        answers = seen.replies.get(unit.unit_id, 0)
        answered = "no answer yet" if not answers else "1 answer" if answers == 1 else f"{answers} answers"
        since = _ago(unit.at, seen.now)
        yield f"worker {number}: {unit.task}, try {unit.number}, for {since}, {answered} so far; {unit.why}"


def _attempt(ended: Ended) -> str:
    points = "" if ended.points is None else f" {ended.points:5.1f} pts"
    turns = "1 turn" if ended.turns == 1 else f"{ended.turns} turns"
    outcome = OUTCOME_WORDS.get(ended.outcome, ended.outcome)
    return f"{outcome:<8} {ended.unit.task:<28} try {ended.unit.number}, {turns}{points}  {ended.error}".rstrip()


def _skills(skills: SkillMap | None) -> Iterator[str]:
    if skills is None or not skills.skills:
        return
    yield from ("", "skills, over all runs")
    ordered = sorted(skills.skills.items(), key=lambda each: (-each[1].attempts, each[0]))
    for name, each in ordered[:SKILLS_SHOWN]:
        level = f"level {each.level.value:.0%} ({each.level.low:.0%} to {each.level.high:.0%})"
        yield f"  {name:<22} {each.pass_rate:>4.0%} of {each.attempts} passed, {level}, {each.trend.direction}"


def _rules(night: SeenRun) -> Iterator[str]:
    if night.rules:
        yield from ("", "rules shown in this run")
    ordered = sorted(night.rules.items(), key=lambda each: (-each[1].shown, each[0]))
    for rule, tally in ordered[:RULES_SHOWN]:
        yield f"  {rule}  passed {tally.passed} of {tally.shown}  {tally.text}"


def _ago(since: str, now: str) -> str:
    return span_words(max(0.0, seconds_between(since, now)))
