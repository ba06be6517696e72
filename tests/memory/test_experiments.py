"""Whole experiments, lived through the notebook that the commands use."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from memory.event_log import ChainedLog
from memory.evidence.exact_tests import Counts, randomisation_test
from memory.experiments.events import ExperimentEvent, Measure, Outcome
from memory.experiments.notebook import Notebook, Plan, check_coins, create, opened, read_experiment
from memory.experiments.report import Report
from memory.experiments.sessions import Session, experiment_of, signature_of
from memory.experiments.verdict import report_of
from utils.clock import SystemClock
from utils.errors import MemoryDamaged

Live = Callable[[Notebook, Session], None]
CLOCK = SystemClock()


def lived(
    memory: Path, sessions: int, live: Live, *, measure: Measure = "passed", planned: int | None = None
) -> Report:
    """The report of an experiment whose sessions went as `live` says."""
    plan = Plan(name="x", claim="c", measure=measure, control_share=0.4, planned=planned)
    create(memory, plan, clock=CLOCK, seed=5)
    with opened(memory, "x", clock=CLOCK) as notebook:
        for _ in range(sessions):
            live(notebook, notebook.start())
    experiment = read_experiment(memory, "x")
    return report_of(experiment, wrong_coins=check_coins(memory, experiment))


def passing(treated: Outcome | None, control: Outcome | None) -> Live:
    """Each arm always ends so; None: it is given up."""

    def live(notebook: Notebook, session: Session) -> None:
        outcome = control if session.started.control else treated
        notebook.end(outcome, given_up=outcome is None)

    return live


def test_a_clear_help_is_proven_and_stays_so(tmp_path: Path) -> None:
    report = lived(tmp_path, 60, passing("passed", "failed"))
    evidence = report.primary.evidence
    assert report.verdict == "proven"
    assert evidence.better > 20
    assert evidence.better_proven_at is not None
    assert evidence.better_proven_at < 40
    assert (evidence.worse_proven_at, report.wrong_coins) == (None, ())


def test_a_clear_harm_is_proven_as_such(tmp_path: Path) -> None:
    report = lived(tmp_path, 90, passing("failed", "passed"))
    assert (report.verdict, report.primary.evidence.better_proven_at) == ("harm proven", None)


def test_less_repeats_can_be_the_claim(tmp_path: Path) -> None:
    def live(notebook: Notebook, session: Session) -> None:
        if session.started.control or session.number == 1:
            notebook.log_mistake("off by one", error_class="IndexError", corrected_by_rule=None)
        notebook.end(None, given_up=False)

    report = lived(tmp_path, 60, live, measure="no-repeat", planned=50)
    assert report.verdict == "proven"
    assert (report.primary.shown, report.primary.lower_is_better) == ("repeat hazard", True)
    exact = report.primary.exact
    assert exact is not None
    assert (exact.sessions, exact.valid, exact.better < 1e-6, exact.difference < -0.9) == (50, True, True, True)
    counts = Counts(exact.treated.count, exact.treated.of, exact.control.count, exact.control.of)
    assert (exact.better, exact.two_sided) == (randomisation_test(counts).fewer, randomisation_test(counts).two_sided)
    passed = next(each for each in report.findings if each.measure == "passed")
    assert (passed.treated.of, passed.exact, passed.evidence.better) == (0, None, 0.9)


def test_dropping_the_sessions_that_one_dislikes_shows(tmp_path: Path) -> None:
    """Treated sessions fail half of the time, and are given up then; the controls are as good, and are all kept."""
    draw = random.Random(3)

    def live(notebook: Notebook, session: Session) -> None:
        fails = draw.random() < 0.5
        drop = fails and not session.started.control
        notebook.end(None if drop else "failed" if fails else "passed", given_up=drop)

    report = lived(tmp_path, 100, live)
    assert report.missing.unequal
    assert report.missing.control.count == 0
    assert report.primary.evidence.better_at_most > 20
    assert report.primary.worst_case.better_at_most < 20


def test_the_worst_case_is_the_same_where_nothing_is_missing(tmp_path: Path) -> None:
    report = lived(tmp_path, 30, passing("passed", "failed"))
    assert report.primary.worst_case == report.primary.evidence
    assert (report.missing.p, report.missing.unequal) == (1.0, False)


def test_the_evidence_is_the_product_of_the_bets(tmp_path: Path) -> None:
    """By hand, from what the log holds: lambda (y - m) against the coin's own probability."""
    lambdas = (0.15, 0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0)
    draw = random.Random(1)
    report = lived(tmp_path, 25, lambda book, _: void(book.end(draw.choice(["passed", "failed"]), given_up=False)))
    products = dict.fromkeys(lambdas, 0.1)
    for session in read_experiment(tmp_path, "x").sessions:
        surprise = float(session.outcome == "passed") - session.started.predictions.passed
        for each in lambdas:
            treated = 0.6 * math.exp(each * surprise) / (0.4 + 0.6 * math.exp(each * surprise))
            products[each] *= (1 - treated) / 0.4 if session.started.control else treated / 0.6
    assert report.primary.evidence.better == pytest.approx(sum(products.values()), rel=1e-5)


def void(_: object) -> None:
    """For functions that want to be statements."""


def test_predictions_are_of_the_past_alone_and_ignore_what_is_missing(tmp_path: Path) -> None:
    outcomes: list[Outcome | None] = ["passed", None, "passed", "failed"]
    lived(tmp_path, 4, lambda book, session: _end(book, outcomes[session.number - 1]))
    found = [each.started.predictions.passed for each in read_experiment(tmp_path, "x").sessions]
    assert found == pytest.approx([0.5, 2 / 3, 2 / 3, (1.995 + 1) / (1.995 + 2)])


def _end(notebook: Notebook, outcome: Outcome | None) -> None:
    notebook.end(outcome, given_up=outcome is None)


def test_coins_that_the_seed_does_not_give_suspend_the_claim(tmp_path: Path) -> None:
    """A log that somebody wrote anew, chain and all, with the arms that he would have liked."""
    lived(tmp_path / "true", 60, passing("passed", "failed"))
    source = read_experiment(tmp_path / "true", "x")
    create(tmp_path / "forged", Plan(name="x", claim="c", control_share=0.4), clock=CLOCK, seed=5)
    log = ChainedLog(tmp_path / "forged" / "experiments" / "x", ExperimentEvent)
    list(log.recover())
    for session in source.sessions:
        assert session.ended is not None
        lot = session.started.lot // 2 if session.started.control else session.started.lot
        log.append("", [session.started.model_copy(update={"lot": lot}), session.ended])
    log.close()
    experiment = read_experiment(tmp_path / "forged", "x")
    report = report_of(experiment, wrong_coins=check_coins(tmp_path / "forged", experiment))
    assert report.wrong_coins == tuple(each.number for each in source.sessions if each.started.control)
    assert report.verdict == "not proven yet"


def test_about_the_planned_share_of_sessions_are_controls(tmp_path: Path) -> None:
    report = lived(tmp_path, 200, passing("passed", "passed"))
    assert report.missing.control.of == pytest.approx(80, abs=25)


def test_signatures_fold_what_never_changes_a_meaning_and_nothing_else() -> None:
    same = {signature_of(*each) for each in [("KeyError", "No  id."), ("keyerror ", "no id"), ("KEYERROR", "no\nID!")]}
    other = {signature_of(*each) for each in [("KeyError", "no id 2"), ("ValueError", "no id"), ("KeyError no", "id")]}
    assert (len(same), len(other), same & other) == (1, 3, set())


def test_events_that_cannot_follow_each_other_are_refused(tmp_path: Path) -> None:
    lived(tmp_path, 2, passing("passed", "failed"))
    log = ChainedLog(tmp_path / "experiments" / "x", ExperimentEvent)
    begun, first, end, second, *_ = list(log.recover())
    log.close()
    for events in (
        [first],
        [begun, begun],
        [begun, end],
        [begun, first, first],
        [begun, second],
        [begun, first, end, end],
    ):
        with pytest.raises(MemoryDamaged, match="here: "):
            experiment_of(events, where="here")
