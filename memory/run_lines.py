"""What a run shows to people, read off the memory."""

from memory.attempts import FITS_ONLY_SHOWN, OUTCOME_WORDS, AttemptResult
from memory.evidence.report import evidence_report
from memory.make_belog import error_class
from memory.records import InFlight
from memory.state import MemoryState
from utils.display import Summary, UnitLine


def unit_line(flight: InFlight, result: AttemptResult, *, number: int) -> UnitLine:
    """One finished attempt, the number-th of its run."""
    return UnitLine(
        number=number,
        task_id=flight.task.id,
        outcome=OUTCOME_WORDS.get(result.outcome, result.outcome),
        attempt=flight.spec.number,
        turns=len(result.turns),
        points=result.score.points if result.score else None,
        detail=_detail(result),
    )


def _detail(result: AttemptResult) -> str:
    """What it failed with, or why there is no verdict."""
    if result.outcome != "failed":
        return result.why_none
    if result.fits_only_shown:
        return FITS_ONLY_SHOWN
    verdict = result.last_verdict
    return error_class(verdict) if verdict else result.ended


def run_summary(state: MemoryState, *, reason: str, words: str, folder: str, simulated: bool) -> Summary:
    """The present run at its end."""
    totals = state.run_totals
    return Summary(
        tried=totals.units,
        passed_first=totals.passed_first,
        passed_repaired=totals.passed_repaired,
        failed=totals.failed,
        fits_only_shown=totals.fits_only_shown,
        no_verdict=totals.no_verdict,
        ungraded=totals.ungraded,
        faults=totals.faults,
        tokens=totals.tokens,
        parked=len(state.in_flight),
        abandoned=totals.abandoned,
        controls=totals.controls,
        forecasts=totals.forecasts.units,
        brier=totals.forecasts.brier,
        constant_brier=totals.forecasts.constant_brier,
        by_skill=dict(totals.by_skill),
        stop_reason=reason,
        memory=folder,
        simulated=simulated,
        words=words,
        verdict=evidence_report(state.learning.evidence).words,
    )
