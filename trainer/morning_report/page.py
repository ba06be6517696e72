"""What the report says of a run, from the functions that every other command uses, and the page made of it."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from memory.analysis import Analysis
from memory.evidence.report import evidence_report
from memory.evidence.report_forms import EvidenceReport, TrialReport
from memory.evidence.report_words import CLAIM_WORDS, judge_lines
from memory.run_lines import run_summary
from memory.state import MemoryState
from memory.statistics import wilson_interval
from memory.trend import Trend, trend_of
from memory.views.core import ScoreLog
from trainer.analyze_builder import analyse
from trainer.morning_report.charts import (
    Bin,
    Chart,
    Interval,
    bins_of,
    evidence_chart,
    interval_chart,
    level_chart,
    steps_chart,
)
from trainer.morning_report.night import AttemptLine, NightView, Run
from trainer.morning_report.plan import Plan, plan_of
from trainer.morning_report.rendering import policy_of, source, template
from trainer.morning_report.transcript import RECALLED
from trainer.morning_report.whole_attempts import ToldWhole
from trainer.rechecks import Rechecks
from utils.clock import seconds_between
from utils.display import Summary, summary_lines
from utils.errors import InputError

STEPS = 12
TRIALS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Told:
    """Rules that evidence speaks of."""

    certified: tuple[TrialReport, ...]
    on_trial: tuple[TrialReport, ...]
    retired: tuple[TrialReport, ...]
    texts: dict[str, str]
    """id -> the text of the version on trial."""
    left_out: int


@dataclass(frozen=True, slots=True)
class Steps:
    """The run in steps of equal length: passes and points, mean declared difficulty, and both as a chart."""

    trend: Trend
    difficulties: tuple[float, ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that the template shows; `event` is the number of the latest one in it."""

    event: int
    run: Run
    summary: Summary
    asked: str
    told: list[str]
    evidence: EvidenceReport
    analysis: Analysis
    steps: Steps
    chart: Chart | None
    effect: Interval | None
    bins: tuple[Bin, ...]
    levels: dict[str, str]
    rate: tuple[float, float, float] | None
    """Share of passes of the run's graded attempts, with its interval."""
    rules: Told
    plan: Plan
    seconds: float
    lines: tuple[AttemptLine, ...]
    outcomes: Counter[str]
    skills: tuple[str, ...]
    judged: tuple[str, ...]
    """What rests on checks that the model was shown."""


def report_page(
    memory: Path,
    night: NightView,
    state: MemoryState,
    rechecks: Rechecks,
    *,
    told: ToldWhole | None = None,
    live: bool = False,
) -> str:
    """The report on the latest run that was folded.

    Args:
        memory: the memory's folder, for the code of attempts.
        night: that run.
        state: what the log adds up to.
        rechecks: as folded beside them.
        told: what an earlier page told of this memory's attempts.
        live: with what trainer.live_page serves besides: it follows the run, and has forms to steer it.

    Raises:
        InputError: no run has begun.
    """
    run = night.run
    if run is None:
        raise InputError(f"nothing ran in {memory} yet; start with `python loop.py`")
    page = _page(memory, run, night.analysis, state, rechecks)
    style = source("report.css")
    scripts = [source(name) for name in (("report.js", "live.js") if live else ("report.js",))]
    html = template("report").render(
        page=page,
        claim_words=CLAIM_WORDS,
        whole=(told or ToldWhole(memory)).of(run, state),
        memory=str(memory),
        style=style,
        scripts=scripts,
        policy=policy_of(style, scripts, live=live),
        live=live,
    )
    return html + "\n"


def _page(memory: Path, run: Run, last: Analysis | None, state: MemoryState, rechecks: Rechecks) -> Page:
    fresh = last is not None and last.units == state.totals.units
    analysis = last if last is not None and fresh else analyse(state, rechecks)
    evidence = evidence_report(state.learning.evidence)
    reason = run.ended.reason if run.ended else ""
    summary = run_summary(
        state, reason=reason, words=analysis.summary, folder=str(memory), simulated=run.simulated
    )  # fmt: skip
    lines = tuple(reversed(run.lines))
    effect = evidence.claims[0].effect
    return Page(
        event=state.last_seq,
        run=run,
        summary=summary,
        asked=_asked(run.settings),
        told=summary_lines(summary)[2:],
        evidence=evidence,
        analysis=analysis,
        steps=_steps(run),
        chart=evidence_chart(evidence.history),
        effect=None if effect is None else interval_chart(effect.mean, effect.low, effect.high),
        bins=bins_of(run.forecasts),
        levels={skill: level_chart(curve.all(), units=run.numbered) for skill, curve in run.levels.items()},
        rate=_rate(summary),
        rules=_told(evidence, state),
        plan=plan_of(memory, state, run, analysis=analysis, evidence=evidence),
        seconds=seconds_between(run.started_at, run.last_at),
        lines=lines,
        outcomes=Counter(line.outcome for line in lines),
        skills=tuple(sorted({skill for line in lines for skill in line.skills})),
        judged=tuple(judge_lines(evidence)),
    )


def _asked(settings: Mapping[str, str]) -> str:
    """When the run was to end, in words."""
    words = {
        "cycles": "{} attempts", "hours": "{} hours", "until": "until {}", "max_tokens": "{} tokens",
    }  # fmt: skip
    found = [told.format(settings[name]) for name, told in words.items() if settings.get(name)]
    return " or ".join(found) or "no end"


def _rate(summary: Summary) -> tuple[float, float, float] | None:
    passed = summary.passed_first + summary.passed_repaired
    graded = passed + summary.failed
    return (passed / graded, *wilson_interval(passed, graded)) if graded else None


def _steps(run: Run) -> Steps:
    scores = ScoreLog(total=len(run.scores), latest=tuple(run.scores))
    trend = trend_of(scores, window=max(1, math.ceil(len(run.scores) / STEPS)))
    hard = [line.difficulty for line in run.lines if line.outcome != "abandoned"][-len(run.scores) :]
    difficulties = tuple(fmean(hard[step.first - 1 : step.last]) for step in trend.steps)
    return Steps(trend, difficulties, steps_chart(trend.steps, difficulties))


def _told(evidence: EvidenceReport, state: MemoryState) -> Told:
    found = evidence.on_trial
    certified, retired = (tuple(each for each in found if each.verdict == word) for word in ("certified", "retired"))
    on_trial = tuple(each for each in found if each.verdict is None)[:TRIALS_SHOWN]
    shown = [*certified, *on_trial, *retired]
    return Told(
        certified=certified,
        on_trial=on_trial,
        retired=retired,
        texts={f"{each.id}@{each.version}": _text(each, state) for each in shown},
        left_out=evidence.trials - len(shown),
    )


def _text(trial: TrialReport, state: MemoryState) -> str:
    record = state.learning.rules.get(trial.id)
    return RECALLED if record is None else record.texts[trial.version - 1]
