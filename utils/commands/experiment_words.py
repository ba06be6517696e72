"""What the commands about experiments print for people, and the documents of sessions."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from memory.experiments.report import Evidence, Exact, Finding, Rate, Report
from memory.experiments.sessions import Session
from memory.experiments.verdict import PROOF

METRICS_HEADERS = ("session", "arm", "state", "mistakes", "repeats", "novel", "again", "repeats/mistakes", "minutes")


def arm_in_words(session: Session) -> str:
    """The arm, and what it asks of the person."""
    return "CONTROL: do without what is tested" if session.started.control else "TREATED: use what is tested"


def session_document(session: Session) -> dict[str, Any]:
    """A session as JSON: its arm, how it ended, and its mistakes."""
    mistakes = [
        {**each.noted.model_dump(mode="json", exclude={"kind", "session"}), "at": each.at, "novelty": each.novelty}
        for each in session.mistakes
    ]
    return {
        "session": session.number,
        "arm": session.arm,
        "state": _state(session),
        "error_class": session.started.error_class,
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "minutes": _minutes(session),
        "mistakes": mistakes,
        "counts": {
            "mistakes": len(mistakes),
            "repeats": session.count("repeat"),
            "novel": session.count("novel"),
            "again": session.count("again"),
        },
        "repeated_mistake_rate": round(session.count("repeat") / len(mistakes), 6) if mistakes else None,
    }


def metrics_row(session: Session) -> tuple[str, ...]:
    """The figures of a session, under METRICS_HEADERS."""
    count, repeats, minutes = len(session.mistakes), session.count("repeat"), _minutes(session)
    return (
        str(session.number),
        session.arm,
        _state(session),
        str(count),
        str(repeats),
        str(session.count("novel")),
        str(session.count("again")),
        f"{repeats / count:.0%}" if count else "-",
        "-" if minutes is None else f"{minutes:.0f}",
    )


def _state(session: Session) -> str:
    if session.ended is None:
        return "open"
    return "given up" if session.ended.given_up else session.ended.outcome or "no outcome"


def _minutes(session: Session) -> float | None:
    if session.ended_at is None:
        return None
    lasted = datetime.fromisoformat(session.ended_at) - datetime.fromisoformat(session.started_at)
    return round(lasted.total_seconds() / 60, 1)


def report_lines(report: Report) -> Iterator[str]:
    """The report for people."""
    yield f"{report.name}: {report.verdict}"
    yield report.claim
    yield ""
    yield from _sessions(report)
    yield ""
    for finding in report.findings:
        yield from _finding(finding)
    yield from _repeats(report)
    yield ""
    yield f"Verdict on the claim ({report.primary.shown}): {report.verdict.upper()}"
    yield from _evidence(report.primary)
    yield ""
    yield from _exact(report)
    yield ""
    yield report.before_after


def _sessions(report: Report) -> Iterator[str]:
    treated, control = report.missing.treated, report.missing.control
    yield f"sessions   {treated.of} treated, {control.of} control; the coin says control with {report.control_share:g}"
    yield f"missing    {treated.count} treated, {control.count} control{_open(report)}"
    if report.missing.unequal:
        yield (
            f"WARNING: the arms lose their sessions unequally (exact p {report.missing.p:.3g}); believe the worst case "
            "below, not the rest"
        )
    if report.wrong_coins is None:
        yield "coins      not checked: the seed is not at hand"
    elif report.wrong_coins:
        wrong = ", ".join(map(str, report.wrong_coins[:10]))
        yield f"WARNING: the coins of sessions {wrong} are not those of the seed; nothing is proven by this log"
    else:
        yield f"coins      all {report.sessions} are those of the seed whose hash was logged first"


def _open(report: Report) -> str:
    return (
        f"; session {report.open_session} is open and counts as missing until it is ended"
        if report.open_session
        else ""
    )


def _finding(finding: Finding) -> Iterator[str]:
    mark = " (the claim)" if finding.primary else ""
    yield f"{finding.shown}{mark}: treated {_rate(finding.treated)}, control {_rate(finding.control)}"
    yield f"  evidence of better {finding.evidence.better:.3g}, of worse {finding.evidence.worse:.3g}"


def _repeats(report: Report) -> Iterator[str]:
    rates = report.repeated_mistake_rate
    yield (
        f"repeats of all mistakes: treated {_rate(rates['treated'])}, control {_rate(rates['control'])} "
        "(shown because it is well known; it proves nothing)"
    )


def _rate(rate: Rate) -> str:
    return "no session" if rate.share is None else f"{rate.share:.0%} ({rate.count} of {rate.of})"


def _evidence(finding: Finding) -> Iterator[str]:
    yield (
        f"  {PROOF:g} is a proof, at any time and however often you look. For better: {_reached(finding.evidence)}; "
        f"for worse: {finding.evidence.worse:.3g} (at most {finding.evidence.worse_at_most:.3g})"
    )
    worst = finding.worst_case
    yield (
        f"  worst case (every missing session went against it): better {worst.better:.3g} (at most "
        f"{worst.better_at_most:.3g}), worse {worst.worse:.3g} (at most {worst.worse_at_most:.3g})"
    )
    yield "  the other measures are shown beside it; they were not chosen beforehand, so nothing is claimed of them"


def _reached(evidence: Evidence) -> str:
    at = f", {PROOF:g} reached at session {evidence.better_proven_at}" if evidence.better_proven_at else ""
    return f"{evidence.better:.3g} (at most {evidence.better_at_most:.3g}{at})"


def _exact(report: Report) -> Iterator[str]:
    exact = report.primary.exact
    if exact is None:
        yield "Exact test: none yet, an arm has no session with a result"
        return
    yield (
        f"Exact test over {exact.sessions} sessions (randomisation test given the arms' sizes = Fisher's): "
        f"two-sided p {exact.two_sided:.3g}, mid-p {exact.mid:.3g}"
    )
    yield f"  {_effect(exact)}, odds ratio {exact.odds_ratio:.3g}"
    yield f"  {_validity(report, exact)}"


def _effect(exact: Exact) -> str:
    return (
        f"difference, treated minus control, {100 * exact.difference:+.0f} points, Newcombe's 95 % interval "
        f"{100 * exact.low:+.0f} to {100 * exact.high:+.0f}"
    )


def _validity(report: Report, exact: Exact) -> str:
    looks = report.looks_before_planned
    looked = f"it was looked at {looks} time{'' if looks == 1 else 's'} before"
    if report.planned is None:
        return f"NOT VALID: p and interval need a number of sessions planned beforehand, there is none; {looked}"
    if not exact.valid:
        return f"NOT VALID YET: p and interval are made for one look, after {report.planned} sessions; {looked}"
    if looks:
        return (
            f"p and interval are made for this number of sessions; {looked}: valid only if nothing that was seen then "
            "could have ended the experiment"
        )
    return "p and interval are valid: this is the number of sessions that was planned, and nobody looked before"
