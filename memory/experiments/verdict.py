"""What an experiment shows: rates of both arms, an exact test for one look, and evidence that may be looked at always.

The evidence is the e-process of memory.evidence.bets: its wealth reaches 20 in at most 5 % of experiments in which the
arm changes nothing, however often somebody looks and whenever they stop. "Proven" is said of the measure that was
chosen when the experiment was begun, and of no other; once proven stays proven.

Not covered: sessions that were treated in name only, mistakes that were noted with an eye on the arm (the person knows
it), and the worth of the claim outside of the sessions that were logged.
"""

import math
from collections.abc import Sequence

from memory.evidence.bets import BINARY, Wealth
from memory.evidence.exact_tests import Counts, effect_of, randomisation_test
from memory.experiments.events import Measure
from memory.experiments.report import SHOWN, Evidence, Exact, Finding, Missing, Rate, Report, Verdict
from memory.experiments.sessions import Experiment, Session

PROOF = 20.0
"""1 over the share, 5 %, of experiments without any effect that may end in a proof."""
IMBALANCE = 0.05
"""Of the exact p of "who is missing has nothing to do with the arm"; below it the report warns."""


def report_of(experiment: Experiment, *, wrong_coins: Sequence[int] | None) -> Report:
    """The report of an experiment whose coins were compared with its seed, or not (None)."""
    created, sessions = experiment.created, experiment.sessions
    findings = tuple(_finding(experiment, measure) for measure in SHOWN)
    primary = next(each for each in findings if each.primary)
    planned, opened = created.planned, experiment.open_session
    return Report(
        name=created.name,
        claim=created.claim,
        control_share=created.control_share,
        planned=planned,
        sessions=len(sessions),
        open_session=opened.number if opened else None,
        closed=experiment.seed is not None,
        looks_before_planned=sum(planned is None or each < planned for each in experiment.looks),
        wrong_coins=None if wrong_coins is None else tuple(wrong_coins),
        verdict="not proven yet" if wrong_coins else _verdict(primary.evidence),
        findings=findings,
        repeated_mistake_rate={
            "treated": _repeats_of_mistakes(sessions, control=False),
            "control": _repeats_of_mistakes(sessions, control=True),
        },
        missing=_missing(sessions, created.measure),
    )


def _verdict(evidence: Evidence) -> Verdict:
    """The proof that there is; of two, which needs an effect that turned round, the later one."""
    better, worse = evidence.better_proven_at or 0, evidence.worse_proven_at or 0
    return "not proven yet" if not better and not worse else "proven" if better > worse else "harm proven"


def _finding(experiment: Experiment, measure: Measure) -> Finding:
    sessions, shown = experiment.sessions, SHOWN[measure]
    return Finding(
        measure=measure,
        shown=shown,
        lower_is_better=shown != "passed",
        primary=measure == experiment.created.measure,
        treated=_rate(sessions, measure, control=False),
        control=_rate(sessions, measure, control=True),
        evidence=_evidence(experiment, measure),
        worst_case=_worst_case(experiment, measure),
        exact=_exact(sessions, measure, planned=experiment.created.planned),
    )


def _rate(sessions: Sequence[Session], measure: Measure, *, control: bool) -> Rate:
    """How often what is shown happened in an arm; mistakes are shown as such, not as their absence."""
    known = [each.good(measure) for each in sessions if each.started.control == control]
    counted = [good for good in known if good is not None]
    return Rate(count=sum(good == (measure == "passed") for good in counted), of=len(counted))


def _evidence(
    experiment: Experiment,
    measure: Measure,
    *,
    missing_treated: bool | None = None,
    missing_control: bool | None = None,
) -> Evidence:
    """Bet on every coin whose session has an outcome, or one that is put in its place."""
    wealth, probability = Wealth(BINARY), 1 - experiment.created.control_share
    best, proven_at = [-math.inf, -math.inf], [0, 0]
    for session in experiment.sessions:
        good = session.good(measure)
        if good is None:
            good = missing_control if session.started.control else missing_treated
        if good is None:
            continue
        wealth.bet(
            arm=not session.started.control,
            probability=probability,
            surprise=good - session.started.predictions.of(measure),
        )
        for side, log_e in enumerate((wealth.log_helps, wealth.log_harms)):
            best[side] = max(best[side], log_e)
            if log_e >= math.log(PROOF) and not proven_at[side]:
                proven_at[side] = session.number
    return Evidence(
        better=_finite(wealth.log_helps),
        worse=_finite(wealth.log_harms),
        better_at_most=_finite(max(best[0], wealth.log_helps)),
        worse_at_most=_finite(max(best[1], wealth.log_harms)),
        better_proven_at=proven_at[0] or None,
        worse_proven_at=proven_at[1] or None,
    )


def _finite(log_e: float) -> float:
    return float(f"{math.exp(min(log_e, 700.0)):.6g}")


def _worst_case(experiment: Experiment, measure: Measure) -> Evidence:
    """Each claim's evidence, missing sessions having gone against it."""
    against_better = _evidence(experiment, measure, missing_treated=False, missing_control=True)
    against_worse = _evidence(experiment, measure, missing_treated=True, missing_control=False)
    return against_better.model_copy(
        update={
            name: getattr(against_worse, name) for name in ("worse", "worse_at_most", "worse_proven_at")
        }
    )  # fmt: skip


def _exact(sessions: Sequence[Session], measure: Measure, *, planned: int | None) -> Exact | None:
    """Over the first `planned` sessions, once these are over; until then, and without a plan, over all."""
    valid = planned is not None and len(sessions) >= planned and sessions[planned - 1].ended is not None
    taken = sessions[:planned] if valid else sessions
    good_is_shown = measure == "passed"
    treated, control = _rate(taken, measure, control=False), _rate(taken, measure, control=True)
    counts = Counts(treated.count, treated.of, control.count, control.of)
    effect, p = effect_of(counts), randomisation_test(counts)
    if effect is None:
        return None
    return Exact(
        sessions=len(taken),
        valid=valid,
        treated=treated,
        control=control,
        difference=effect.difference,
        low=effect.low,
        high=effect.high,
        odds_ratio=effect.odds_ratio,
        two_sided=p.two_sided,
        better=p.more if good_is_shown else p.fewer,
        worse=p.fewer if good_is_shown else p.more,
        mid=p.mid,
    )


def _missing(sessions: Sequence[Session], measure: Measure) -> Missing:
    """Counted for the measure that the claim is about."""
    lost = {control: [each.good(measure) is None for each in sessions if each.started.control == control]
            for control in (False, True)}  # fmt: skip
    treated, control = (Rate(count=sum(each), of=len(each)) for each in (lost[False], lost[True]))
    p = randomisation_test(Counts(treated.count, treated.of, control.count, control.of)).two_sided
    return Missing(treated=treated, control=control, p=p, unequal=p < IMBALANCE)


def _repeats_of_mistakes(sessions: Sequence[Session], *, control: bool) -> Rate:
    """The Repeated Mistake Rate of an arm: shown because people know it, no evidence; see BEFORE_AFTER."""
    mistakes = [each for session in sessions if session.started.control == control for each in session.mistakes]
    return Rate(count=sum(each.novelty == "repeat" for each in mistakes), of=len(mistakes))
